// Instants as the API writes them: RFC 3339 text with whole seconds, in UTC.

/** Cuts to whole seconds: 2026-01-31T08:00:00Z. */
export function toRfc3339(epochMs: number): string {
  return new Date(Math.floor(epochMs / 1000) * 1000).toISOString().replace(".000Z", "Z");
}

/** Milliseconds since 1970. @throws RangeError for anything that is not an RFC 3339 time */
export function fromRfc3339(text: string): number {
  const value = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(value)) throw new RangeError(`not an RFC 3339 time: ${JSON.stringify(text)}`);
  return value;
}
