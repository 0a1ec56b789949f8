// What must never reach a log: values known to be secret, and whatever stands under a name that says so.

const HIDDEN = "[redacted]";
/** Shorter values are ordinary words somewhere; hiding those would only garble lines. */
const SHORTEST_SECRET = 4;
const DEEPEST = 8;

const SECRET_NAME =
  /secret|passw(or)?d|passphrase|token|authori[sz]ation|credential|cookie|signature|(consumer|application|access|private|api)[-_ ]?key/i;
/** Names of secrets are not secret. */
const HARMLESS_NAME = /(name|ref|namespace)$/i;

export class Redactor {
  readonly #sources: (() => readonly string[])[] = [];

  /** `values` is asked again for every line: credentials change while the process runs. */
  add(values: () => readonly string[]): void {
    this.#sources.push(values);
  }

  text(text: string): string {
    return hide(text, this.#secrets());
  }

  /** A copy that JSON can hold: errors become their text, secrets are hidden at any depth. */
  value(value: unknown): unknown {
    return plain(value, this.#secrets(), []);
  }

  /** As `value`, for something that stands under a name. */
  field(name: string, value: unknown): unknown {
    return isSecretName(name) && value != null ? HIDDEN : this.value(value);
  }

  #secrets(): readonly string[] {
    const values = this.#sources.flatMap((source) => source()).filter((value) => value.length >= SHORTEST_SECRET);
    // The longest first, so that no part of one secret keeps another from being found.
    return [...new Set(values.flatMap(spellings))].sort((a, b) => b.length - a.length);
  }
}

/** An error and what caused it in one line; a cause that the message already quotes is not repeated. */
export function errorText(error: unknown): string {
  let text = messageOf(error);
  let link: unknown = error;
  for (let depth = 0; depth < DEEPEST && link instanceof Error && link.cause != null; depth++) {
    link = link.cause;
    const cause = messageOf(link);
    if (!text.includes(cause)) text += `: ${cause}`;
  }
  return text;
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    const parts = error.errors.map(errorText).join("; ");
    return error.message === "" ? parts : `${error.message}: ${parts}`;
  }
  if (error instanceof Error) return error.message === "" ? error.name : error.message;
  return typeof error === "string" ? error : (JSON.stringify(error) ?? String(error));
}

/** Whether what stands under this name must not be shown. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name) && !HARMLESS_NAME.test(name);
}

/** The forms in which a secret travels: as it is, in a URL, in a Basic header or a Kubernetes Secret. */
function spellings(secret: string): readonly string[] {
  const base64 = Buffer.from(secret, "utf8").toString("base64");
  return [secret, encodeURIComponent(secret), base64];
}

function hide(text: string, secrets: readonly string[]): string {
  let result = text;
  for (const secret of secrets) if (result.includes(secret)) result = result.replaceAll(secret, HIDDEN);
  return result;
}

function plain(value: unknown, secrets: readonly string[], above: readonly object[]): unknown {
  if (typeof value === "string") return hide(value, secrets);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return hide(errorText(value), secrets);
  if (value instanceof Date) return value.toJSON();
  if (above.includes(value)) return "[circular]";
  if (above.length >= DEEPEST) return "[deep]";
  const path = [...above, value];
  if (Array.isArray(value)) return value.map((item) => plain(item, secrets, path));
  if (value instanceof Set) return [...value].map((item) => plain(item, secrets, path));
  const entries: [string, unknown][] =
    value instanceof Map ? [...value].map(([key, item]) => [String(key), item]) : Object.entries(value);
  return Object.fromEntries(
    entries.map(([name, item]) => [
      hide(name, secrets),
      isSecretName(name) && item != null ? HIDDEN : plain(item, secrets, path),
    ]),
  );
}
