// How CloudStack wants requests signed: what the server computes itself, character by character (C-1).

import { createHmac } from "node:crypto";

/** As Java's URLEncoder, with a space as %20: letters, digits and - _ . * stay. */
export function encodeValue(value: string): string {
  return encodeURIComponent(value).replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Sorted by code unit; names are not encoded, so that `tags[0].key` keeps its brackets; all of it in lower case. */
export function stringToSign(parameters: ReadonlyMap<string, string>): string {
  return [...parameters]
    .filter(([name]) => name.toLowerCase() !== "signature")
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([name, value]) => `${name}=${encodeValue(value)}`)
    .join("&")
    .toLowerCase();
}

/** Base64, not yet encoded for the wire. */
export function sign(parameters: ReadonlyMap<string, string>, secretKey: string): string {
  return createHmac("sha1", secretKey).update(stringToSign(parameters)).digest("base64");
}

/** A query or a form body. Built by hand: a serialiser that writes a space as + would be signed differently. */
export function toQuery(parameters: ReadonlyMap<string, string>): string {
  return [...parameters].map(([name, value]) => `${encodeValue(name)}=${encodeValue(value)}`).join("&");
}
