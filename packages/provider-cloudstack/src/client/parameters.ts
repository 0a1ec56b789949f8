// What a command is told, and how it becomes names and texts on the wire (lists joined by commas, maps as indexed keys).

/** A record inside a list becomes `name[0].key=…`: tags, details, data disks. */
export type ParameterValue =
  | string
  | number
  | boolean
  | readonly string[]
  | readonly Readonly<Record<string, string | number>>[]
  | undefined;

export type Parameters = Readonly<Record<string, ParameterValue>>;

class ParameterError extends Error {
  override readonly name = "ParameterError";
}

/** Names in lower case (C-1), undefined and empty lists left out. @throws ParameterError for what the server refuses anyway */
export function flatten(parameters: Parameters): ReadonlyMap<string, string> {
  const flat = new Map<string, string>();
  for (const [name, value] of Object.entries(parameters)) {
    for (const [key, text] of entriesOf(name.toLowerCase(), value)) {
      refuseControlCharacters(key, text);
      flat.set(key, text);
    }
  }
  return flat;
}

/** The `tags[0].key=…&tags[0].value=…` of a map. */
export function pairs(
  map: Readonly<Record<string, string>>,
): readonly { readonly key: string; readonly value: string }[] {
  return Object.entries(map).map(([key, value]) => ({ key, value }));
}

function entriesOf(name: string, value: ParameterValue): readonly (readonly [string, string])[] {
  if (value === undefined) return [];
  if (typeof value !== "object") return [[name, String(value)]];
  const items: readonly (string | Readonly<Record<string, string | number>>)[] = value;
  const texts = items.filter((item) => typeof item === "string");
  if (texts.length > 0) return [[name, texts.join(",")]];
  return items.flatMap((item, index) =>
    Object.entries(item).map(([key, text]) => [`${name}[${index}].${key}`, String(text)] as const),
  );
}

/** Line feed and carriage return pass; a tab does not. */
function refuseControlCharacters(name: string, text: string): void {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f]/.test(text))
    throw new ParameterError(`${name} holds a control character, which CloudStack refuses: remove it`);
}
