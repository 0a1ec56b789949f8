// User data for people's eyes: what could let a stranger into the cluster is struck out.

const HIDDEN = "<redacted>";

const SECRETS: readonly (readonly [RegExp, string])[] = [
  // Bootstrap tokens, alone or in the longer form of k3s.
  [/\bK10[0-9a-f]{64}::\S+/g, HIDDEN],
  [/\b[a-z0-9]{6}\.[a-z0-9]{16}\b/g, HIDDEN],
  [/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?-----END \1-----/g, HIDDEN],
  // Values of keys that sound like secrets, in YAML, in shell and in environment files; a block below a key goes whole.
  [
    /^(\s*(?:- )?(?:export )?["']?(?:[\w.-]*(?:token|secret|password|passwd)|[\w.-]+key)["']?\s*[:=][ \t]*)[|>][+-]?[ \t]*\n(?:([ \t]+).*\n?)+/gim,
    `$1${HIDDEN}\n`,
  ],
  [
    /^(\s*(?:- )?(?:export )?["']?(?:[\w.-]*(?:token|secret|password|passwd)|[\w.-]+key)["']?\s*[:=][ \t]*)(?!<redacted>)\S.*$/gim,
    `$1${HIDDEN}`,
  ],
  [/((?:token|secret|password)[= ])(?!<redacted>)\S+/gi, `$1${HIDDEN}`],
];

/** For display only; MIME parts in base64 are struck out whole. */
export function redactUserData(text: string): string {
  const shown = text.replaceAll(/^(?:[A-Za-z0-9+/]{60,}={0,2}\n?)+/gm, `${HIDDEN}\n`);
  return SECRETS.reduce((part, [pattern, replacement]) => part.replaceAll(pattern, replacement), shown);
}
