// A kubeadm bootstrap token: what it looks like and where its characters come from.

import { randomBytes } from "node:crypto";
import type { EpochMs } from "../runtime/index.ts";

export interface BootstrapToken {
  /** Public: names the Secret and the user. */
  readonly id: string;
  readonly secret: string;
  readonly expiresAt: EpochMs;
}

/** Bytes that nobody can foresee. */
export type SecureRandom = (bytes: number) => Uint8Array;

/** The operating system's. */
export const systemRandom: SecureRandom = (bytes) => randomBytes(bytes);

const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
const ID_LENGTH = 6;
const SECRET_LENGTH = 16;
/** The largest multiple of 36 in a byte: what lies above would make some characters likelier than others. */
const FAIR = 252;

/** As long as a real one: to measure user data, and find its mistakes, before anything is bought. */
export const SAMPLE_TOKEN: BootstrapToken = { id: "aaaaaa", secret: "aaaaaaaaaaaaaaaa", expiresAt: 0 };

/** W-47, C-72 */
export function newToken(random: SecureRandom, expiresAt: EpochMs): BootstrapToken {
  return { id: characters(random, ID_LENGTH), secret: characters(random, SECRET_LENGTH), expiresAt };
}

/** As a machine presents it. */
export function tokenText({ id, secret }: BootstrapToken): string {
  return `${id}.${secret}`;
}

function characters(random: SecureRandom, length: number): string {
  let text = "";
  while (text.length < length) {
    for (const byte of random(length * 2)) {
      if (byte < FAIR && text.length < length) text += ALPHABET.charAt(byte % ALPHABET.length);
    }
  }
  return text;
}
