// Several parts of user data in one text, as cloud-init takes them apart again.

import { createHash } from "node:crypto";
import { BootstrapError } from "./bootstrap-error.ts";

export type PartType =
  | "text/cloud-config"
  | "text/x-shellscript"
  | "text/jinja2"
  | "text/cloud-boothook"
  | "text/x-include-url"
  | "text/cloud-config-archive";

export interface UserDataPart {
  /** "multipart": the text begins with its own headers and is taken as it is. */
  readonly type: PartType | "multipart";
  readonly text: string;
  /** Scripts run in the order of their names, and runcmd among them under its own: what sorts before "runcmd" runs first. */
  readonly fileName?: string;
  /** Where the lists of a cloud-config go beside those of the parts before it. @defaultValue "append" */
  readonly lists?: "append" | "prepend";
}

const FIRST_LINES: readonly (readonly [RegExp, UserDataPart["type"]])[] = [
  [/^## *template: *jinja/, "text/jinja2"],
  [/^#cloud-config-archive\b/, "text/cloud-config-archive"],
  [/^#cloud-config\b/, "text/cloud-config"],
  [/^#cloud-boothook\b/, "text/cloud-boothook"],
  [/^#include\b/, "text/x-include-url"],
  [/^#!/, "text/x-shellscript"],
  [/^(Content-Type|MIME-Version):/i, "multipart"],
];

/** Without it the last part's files and commands would replace everybody else's. */
function mergeType(lists: "append" | "prepend"): string {
  return `list(${lists})+dict(recurse_array,no_replace)+str()`;
}

/** By its first line; undefined for what cloud-init would not understand. */
export function partType(text: string): UserDataPart["type"] | undefined {
  return FIRST_LINES.find(([pattern]) => pattern.test(text))?.[1];
}

/** The same parts give the same text. */
export function multipart(parts: readonly UserDataPart[]): string {
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  const boundary = `karpenter-${digest.slice(0, 40)}`;
  if (parts.some(({ text }) => text.includes(boundary))) {
    throw new BootstrapError("InvalidUserData", "a part of the user data holds the boundary of the parts");
  }
  const body = parts.map((part) => `--${boundary}\n${encoded(part)}\n`).join("");
  return `Content-Type: multipart/mixed; boundary="${boundary}"\nMIME-Version: 1.0\n\n${body}--${boundary}--\n`;
}

function encoded({ type, text, fileName, lists = "append" }: UserDataPart): string {
  if (type === "multipart") return text;
  const isPlain = /^[\t\n\x20-\x7e]*$/.test(text) && text.split("\n").every(({ length }) => length < 990);
  const headers = [
    `Content-Type: ${type}; charset="utf-8"`,
    "MIME-Version: 1.0",
    `Content-Transfer-Encoding: ${isPlain ? "7bit" : "base64"}`,
    ...(fileName === undefined ? [] : [`Content-Disposition: attachment; filename="${fileName}"`]),
    ...(type === "text/cloud-config" || type === "text/jinja2" ? [`Merge-Type: ${mergeType(lists)}`] : []),
  ];
  return `${headers.join("\n")}\n\n${isPlain ? text : inLines(Buffer.from(text, "utf8").toString("base64"))}`;
}

function inLines(base64: string): string {
  return (base64.match(/.{1,76}/g) ?? []).join("\n");
}
