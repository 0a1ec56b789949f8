// The parameters of one request: names in any case, lists joined by commas, maps as indexed keys (§1.1).

import type { Incoming } from "@karpenter-multicloud/core/testing/fake-cloud";
import { ApiError, GENERIC, missingParameter } from "./api-error.ts";

export class Params {
  readonly command: string;
  /** Under their own spelling, for the signature. */
  readonly raw: ReadonlyMap<string, string>;
  readonly #byName = new Map<string, string>();

  constructor(raw: ReadonlyMap<string, string>) {
    this.raw = raw;
    for (const [name, value] of raw) this.#byName.set(lowered(name), value);
    this.command = this.#byName.get("command") ?? "";
  }

  text(name: string): string | undefined {
    const value = this.#byName.get(name.toLowerCase());
    return value === undefined || value === "" ? undefined : value;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw missingParameter(this.command, name);
    return value;
  }

  number(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (/^-?\d+$/.test(value)) return Number(value);
    const text = `Unable to execute API command ${this.command.toLowerCase()} due to invalid value ${value} for parameter ${name}`;
    throw new ApiError(431, text, GENERIC);
  }

  flag(name: string): boolean | undefined {
    const value = this.text(name);
    return value === undefined ? undefined : value.toLowerCase() === "true";
  }

  list(name: string): readonly string[] {
    return (this.text(name) ?? "")
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  }

  /** The objects of `name[0].key=…`, in the order of their numbers. */
  objects(name: string): readonly Readonly<Record<string, string>>[] {
    const found = new Map<number, Record<string, string>>();
    for (const [key, value] of this.#byName) {
      const [, base, index, property] = /^([^[]+)\[(\d+)\]\.(.+)$/.exec(key) ?? [];
      if (base !== name.toLowerCase() || property === undefined) continue;
      const object = found.get(Number(index)) ?? {};
      object[property] = value;
      found.set(Number(index), object);
    }
    return [...found].toSorted(([a], [b]) => a - b).map(([, object]) => object);
  }

  /** The pairs of `name[0].key=…&name[0].value=…`. */
  pairs(name: string): readonly (readonly [string, string])[] {
    return this.objects(name).map(({ key = "", value = "" }) => [key, value] as const);
  }

  /** One object whose properties are spread over `name[0].…`. */
  details(name: string): Readonly<Record<string, string>> {
    return Object.assign({}, ...this.objects(name)) as Readonly<Record<string, string>>;
  }

  /** Without what nobody may read. */
  safe(): Readonly<Record<string, string>> {
    const secret = /^(?:signature|userdata|password|apikey)$/;
    return Object.fromEntries(
      [...this.#byName].map(([name, value]) => [name, secret.test(name) ? `${value.length} characters` : value]),
    );
  }
}

/** Query and form body together; of a name that comes twice the last value counts. @throws ApiError for control characters */
export function readParams({ target, body, headers }: Incoming): Params {
  const query = target.includes("?") ? target.slice(target.indexOf("?") + 1) : "";
  const isForm = headers["content-type"]?.startsWith("application/x-www-form-urlencoded") === true;
  const raw = new Map<string, string>();
  for (const text of [query, isForm ? body.toString("utf8") : ""]) {
    for (const pair of text.split("&")) {
      if (pair === "") continue;
      const at = pair.indexOf("=");
      const name = at < 0 ? pair : pair.slice(0, at);
      raw.set(decoded(name), at < 0 ? "" : decoded(pair.slice(at + 1)));
    }
  }
  return new Params(raw);
}

/** Line feed and carriage return pass; a tab does not. */
export function refuseControlCharacters(params: Params): void {
  for (const [name, value] of params.raw) {
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    if (!/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f]/.test(value)) continue;
    throw new ApiError(
      431,
      `Received value containing illegal ASCII non-printable characters for parameter ${name}`,
      GENERIC,
    );
  }
}

/** The part behind the dot of a map's key keeps its case. */
function lowered(name: string): string {
  const at = name.indexOf(".");
  return at < 0 ? name.toLowerCase() : `${name.slice(0, at).toLowerCase()}${name.slice(at)}`;
}

function decoded(text: string): string {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
