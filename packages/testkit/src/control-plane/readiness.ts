// When a component is ready: asked again and again until it says so, its process ends, or time is up.

import { readFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { milliseconds } from "@karpenter-multicloud/core/units";

export interface Subject {
  readonly name: string;
  /** How its process ended, if it did. */
  readonly ended: () => string | undefined;
  readonly log: string;
}

const POLL = milliseconds(50);
/** A limit against hanging: on a busy machine several of these start at once. */
const PATIENCE_MS = 240_000;
const LAST_LINES = 15;

/** @throws Error with the end of the log */
export async function waitUntilReady(subject: Subject, clock: Clock, isReady: () => Promise<boolean>): Promise<void> {
  const giveUpAt = clock.now() + PATIENCE_MS;
  for (;;) {
    const how = subject.ended();
    if (how !== undefined)
      throw new Error(`${subject.name} ended (${how}) before it was ready:\n${await tail(subject)}`);
    if (await isReady().catch(() => false)) return;
    if (clock.now() > giveUpAt) {
      throw new Error(`${subject.name} is not ready after ${PATIENCE_MS / 1000} s:\n${await tail(subject)}`);
    }
    await clock.sleep(POLL);
  }
}

/** True when the address answers 200. `ca` makes it https. */
export function answersOk(url: string, ca?: Buffer): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onAnswer = (answer: http.IncomingMessage): void => {
      answer.resume();
      answer.on("error", reject);
      answer.on("end", () => {
        resolve(answer.statusCode === 200);
      });
    };
    const options = { agent: false, timeout: 20_000 };
    const outgoing = ca === undefined ? http.get(url, options, onAnswer) : https.get(url, { ...options, ca }, onAnswer);
    outgoing.on("timeout", () => {
      outgoing.destroy(new Error(`${url}: no answer`));
    });
    outgoing.on("error", reject);
  });
}

async function tail({ log }: Subject): Promise<string> {
  const text = await readFile(log, "utf8").catch(() => "");
  return text.trimEnd().split("\n").slice(-LAST_LINES).join("\n");
}
