// What cloud-init makes of user data: the files it writes and the commands it runs, in their order.

import { parse, parseDocument } from "yaml";
import { isJsonObject, type JsonObject } from "../../api/index.ts";
import { decodeUserData } from "./decode.ts";
import { mergeConfigs } from "./merge-configs.ts";
import { isMime, mimeParts } from "./mime-parts.ts";

export interface WrittenFile {
  readonly content: string;
  readonly permissions: string;
}

export interface CloudInitResult {
  readonly hostname: string | undefined;
  readonly files: ReadonlyMap<string, WrittenFile>;
  /** Each command as one line of shell: scripts and runcmd, in the order in which they run. */
  readonly commands: readonly string[];
  readonly sshKeys: readonly string[];
  /** The decoded text. */
  readonly text: string;
}

interface Part {
  readonly type: string;
  readonly body: string;
  readonly fileName: string;
  readonly mergeType: string;
}

/** @throws Error for what cloud-init would skip with a warning: a machine that misses a part is no machine to count on */
export function readUserData(data: string | Uint8Array): CloudInitResult {
  const text = decodeUserData(data);
  const parts = partsOf(text);
  const config = mergeConfigs(
    parts
      .filter(({ type }) => type === "text/cloud-config")
      .map(({ body, mergeType }) => ({ config: configOf(body), mergeType })),
  );
  const scripts = parts.filter(({ type }) => type === "text/x-shellscript");
  const run = commandsOf(config["runcmd"]);
  // One folder of scripts, run by name; all of runcmd is the script "runcmd".
  const named = [
    ...scripts.map(({ fileName, body }) => ({ fileName, lines: [body] })),
    ...(run.length > 0 ? [{ fileName: "runcmd", lines: run }] : []),
  ].toSorted((a, b) => (a.fileName < b.fileName ? -1 : 1));
  return {
    hostname: typeof config["hostname"] === "string" ? config["hostname"] : undefined,
    files: filesOf(config["write_files"]),
    commands: named.flatMap(({ lines }) => lines),
    sshKeys: list(config["ssh_authorized_keys"]).filter((key) => typeof key === "string"),
    text,
  };
}

const FIRST_LINES: readonly (readonly [RegExp, string])[] = [
  [/^#cloud-config\s*$/m, "text/cloud-config"],
  [/^#!/, "text/x-shellscript"],
  [/^## *template: *jinja/, "text/jinja2"],
];

function partsOf(text: string): readonly Part[] {
  if (isMime(text)) {
    return mimeParts(text).map(({ type, body, fileName, headers }, index) => ({
      type: type === "text/plain" || type === "text/jinja2" ? typeOf(withoutJinja(body)) : type,
      body: type === "text/jinja2" ? withoutJinja(body) : body,
      fileName: fileName ?? `part-${String(index + 1).padStart(3, "0")}`,
      mergeType: headers.get("merge-type") ?? headers.get("x-merge-type") ?? "",
    }));
  }
  const body = withoutJinja(text);
  return [{ type: typeOf(body), body, fileName: "part-001", mergeType: "" }];
}

function withoutJinja(text: string): string {
  return text.replace(/^## *template: *jinja\s*\n/, "");
}

function typeOf(text: string): string {
  const first = text.split("\n", 1)[0] ?? "";
  const type = FIRST_LINES.find(([pattern]) => pattern.test(first))?.[1];
  if (type === undefined) throw new Error("cloud-init does not know this kind of user data");
  return type;
}

/** As PyYAML reads it: YAML 1.1. */
function configOf(body: string): JsonObject {
  const document = parseDocument(body, { version: "1.1" });
  if (document.errors.length > 0) throw new Error("the cloud-config is no YAML");
  const value: unknown = parse(body, { version: "1.1" });
  if (!isJsonObject(value)) throw new Error("the cloud-config is no map");
  return value;
}

function filesOf(value: unknown): ReadonlyMap<string, WrittenFile> {
  const entries = list(value)
    .filter(isJsonObject)
    .filter((file) => typeof file["path"] === "string")
    .map((file): readonly [string, WrittenFile] => {
      const { path, content, permissions, encoding } = file;
      const text = typeof content === "string" ? content : "";
      return [
        String(path),
        {
          content: decodedContent(text, encoding),
          permissions: typeof permissions === "string" ? permissions : "0644",
        },
      ];
    });
  return new Map(entries);
}

function decodedContent(text: string, encoding: unknown): string {
  if (encoding === undefined || encoding === "text/plain") return text;
  if (encoding === "b64" || encoding === "base64") return Buffer.from(text, "base64").toString("utf8");
  if (encoding === "gz+b64" || encoding === "gzip+base64") return decodeUserData(Buffer.from(text, "base64"));
  throw new Error(`unknown encoding of a written file`);
}

function commandsOf(value: unknown): readonly string[] {
  return list(value).map((command) => (Array.isArray(command) ? command.map(String).join(" ") : String(command)));
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
