// Takes a MIME text apart, parts within parts included.

export interface MimePart {
  readonly type: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  readonly fileName: string | undefined;
}

export function isMime(text: string): boolean {
  return /^(content-type|mime-version)\s*:/i.test(text);
}

/** Every part that is not itself a collection of parts, in order. @throws Error for a collection without boundary or end */
export function mimeParts(text: string): readonly MimePart[] {
  const end = /\r?\n\r?\n/.exec(text);
  const head = end === null ? text : text.slice(0, end.index);
  const body = end === null ? "" : text.slice(end.index + end[0].length);
  const headers = readHeaders(head);
  const contentType = headers.get("content-type") ?? "text/plain";
  const type = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  if (!type.startsWith("multipart/")) {
    const disposition = headers.get("content-disposition") ?? "";
    return [{ type, headers, body: decoded(body, headers), fileName: parameter(disposition, "filename") }];
  }
  const boundary = parameter(contentType, "boundary");
  if (boundary === undefined) throw new Error("multipart without boundary");
  return split(body, boundary).flatMap(mimeParts);
}

function readHeaders(head: string): ReadonlyMap<string, string> {
  const lines = head.replaceAll(/\r?\n[ \t]+/g, " ").split(/\r?\n/);
  return new Map(
    lines
      .filter((line) => line.includes(":"))
      .map((line) => [line.slice(0, line.indexOf(":")).trim().toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
  );
}

function parameter(header: string, name: string): string | undefined {
  const match = new RegExp(`${name}=(?:"([^"]*)"|([^;\\s]+))`, "i").exec(header);
  return match?.[1] ?? match?.[2];
}

function split(body: string, boundary: string): readonly string[] {
  const lines = body.split("\n");
  const at = lines.flatMap((line, index) => (line.trimEnd().startsWith(`--${boundary}`) ? [index] : []));
  const last = at.at(-1);
  if (last === undefined || lines[last]?.trimEnd() !== `--${boundary}--`) throw new Error("multipart without end");
  return at.slice(0, -1).map((start, index) => lines.slice(start + 1, at[index + 1]).join("\n"));
}

function decoded(body: string, headers: ReadonlyMap<string, string>): string {
  const encoding = headers.get("content-transfer-encoding")?.toLowerCase() ?? "7bit";
  if (encoding === "base64") return Buffer.from(body, "base64").toString("utf8");
  if (encoding === "7bit" || encoding === "8bit" || encoding === "binary") return body;
  throw new Error(`transfer encoding ${encoding}`);
}
