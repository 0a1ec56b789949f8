import { Writable } from "node:stream";

import { describe, expect, it } from "vitest";

import { InsufficientCapacity } from "../provider/index.ts";
import { createWinstonLogger } from "./winston-logger.ts";
import type { WinstonLogger, WinstonLoggerOptions } from "./winston-logger.ts";

interface Bench {
  readonly logger: WinstonLogger;
  /** Closes the log and answers its lines. */
  readonly lines: () => Promise<Record<string, unknown>[]>;
  readonly text: () => Promise<string>;
}

function aLog(options: Partial<WinstonLoggerOptions> = {}): Bench {
  let written = "";
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString();
      done();
    },
  });
  const now = (): number => Date.UTC(2026, 0, 1, 12, 0, 0, 5);
  const logger = createWinstonLogger({ level: "debug", stream, now, ...options });
  const text = async (): Promise<string> => {
    await logger.close();
    return written;
  };
  const lines = async (): Promise<Record<string, unknown>[]> =>
    (await text())
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { logger, lines, text };
}

describe("winston logger, OP-11", () => {
  it("writes one JSON object per line with level, time, logger, message and commit first", async () => {
    const { logger, text } = aLog({ commit: "abc1234" });
    logger.with({ controller: "nodeclaim.lifecycle" }).info("created nodeclaim", { NodeClaim: { name: "default-1" } });
    expect(await text()).toBe(
      '{"level":"INFO","time":"2026-01-01T12:00:00.005Z","logger":"controller","message":"created nodeclaim",' +
        '"commit":"abc1234","controller":"nodeclaim.lifecycle","NodeClaim":{"name":"default-1"}}\n',
    );
  });

  it("writes an error as its text with causes, and its code", async () => {
    const { logger, lines } = aLog();
    const cause = new InsufficientCapacity("no b3-8 left in GRA11");
    const wrapped = new Error("creating machine for nodeclaim default-1", { cause });
    logger.error("Reconciler error", { error: wrapped });
    logger.error("Reconciler error", { error: cause });
    const [first, second] = await lines();
    expect(first?.["error"]).toBe("creating machine for nodeclaim default-1: no b3-8 left in GRA11");
    expect([second?.["error"], second?.["errorCode"]]).toEqual([
      "no b3-8 left in GRA11",
      "PROVIDER_INSUFFICIENT_CAPACITY",
    ]);
    expect(second).not.toHaveProperty("stacktrace");
  });

  it("leaves out lines below its level", async () => {
    const { logger, lines } = aLog({ level: "info" });
    logger.debug("considered");
    logger.warn("odd");
    logger.error("bad");
    expect((await lines()).map((line) => line["level"])).toEqual(["WARN", "ERROR"]);
  });

  it("lets no field replace what every line has", async () => {
    const { logger, lines } = aLog();
    logger.info("real", { message: "forged", level: "x", absent: undefined });
    expect(await lines()).toEqual([
      {
        level: "INFO",
        time: "2026-01-01T12:00:00.005Z",
        logger: "controller",
        message: "real",
        "field.message": "forged",
        "field.level": "x",
      },
    ]);
  });

  it("writes values JSON does not know", async () => {
    const { logger, lines } = aLog();
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    logger.info("odd values", { big: 2n ** 60n, set: new Set(["a"]), map: new Map([["k", 1]]), loop, run: () => 1 });
    expect((await lines())[0]).toMatchObject({
      big: "1152921504606846976",
      set: ["a"],
      map: { k: 1 },
      loop: { self: "[circular]" },
    });
  });
});

describe("winston logger, secrets", () => {
  it("hides known values anywhere in a line and in every spelling", async () => {
    const { logger, text } = aLog();
    const secret = "s3cr/t+value";
    logger.redact(() => [secret]);
    const base64 = Buffer.from(secret).toString("base64");
    logger.error(`calling with ${secret}`, {
      url: `https://api/?key=${encodeURIComponent(secret)}`,
      deep: { list: [`Basic ${base64}`], [secret]: 1 },
      error: new Error("outer", { cause: new Error(`header was ${secret}`) }),
    });
    const line = await text();
    for (const spelling of [secret, encodeURIComponent(secret), base64]) expect(line).not.toContain(spelling);
    expect(line).toContain("calling with [redacted]");
  });

  it("hides a secret that begins with another one as a whole", async () => {
    const { logger, text } = aLog();
    logger.redact(() => ["abcd", "abcdefgh"]);
    logger.info("uses abcdefgh");
    expect(await text()).toContain('"uses [redacted]"');
  });

  it("asks for the values again, so that a changed credential is hidden too", async () => {
    const { logger, text } = aLog();
    let current = "first-secret";
    logger.redact(() => [current]);
    current = "second-secret";
    logger.info("uses second-secret");
    expect(await text()).toContain("uses [redacted]");
  });

  it("hides what stands under a telling name, but not names of secrets", async () => {
    const { logger, lines } = aLog();
    logger.info("request", {
      applicationSecret: "x1",
      headers: { Authorization: "Bearer x2", "X-Ovh-Consumer": "shown", consumerKey: "x3" },
      password: "x4",
      credentials: { any: "x5" },
      secretName: "ovh-credentials",
    });
    expect((await lines())[0]).toMatchObject({
      applicationSecret: "[redacted]",
      headers: { Authorization: "[redacted]", "X-Ovh-Consumer": "shown", consumerKey: "[redacted]" },
      password: "[redacted]",
      credentials: "[redacted]",
      secretName: "ovh-credentials",
    });
  });
});

describe("winston logger, OP-12 sampling", () => {
  it("writes the first 100 equal lines of a second, then every 100th, per level", async () => {
    const { logger, lines } = aLog();
    for (let n = 0; n < 350; n++) logger.info("same");
    logger.warn("same");
    logger.info("other");
    const messages = (await lines()).map((line) => `${String(line["level"])} ${String(line["message"])}`);
    expect(messages.filter((message) => message === "INFO same").length).toBe(102);
    expect(messages.slice(-2)).toEqual(["WARN same", "INFO other"]);
    expect(logger.dropped).toBe(248);
  });

  it("starts anew each second", async () => {
    let now = 0;
    const { logger, lines } = aLog({ now: () => now });
    for (let second = 0; second < 2; second++) {
      now = second * 1000;
      for (let n = 0; n < 150; n++) logger.info("same");
    }
    expect((await lines()).length).toBe(200);
  });
});
