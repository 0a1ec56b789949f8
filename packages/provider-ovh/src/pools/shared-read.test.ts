import { describe, expect, it } from "vitest";

import { SharedRead } from "./shared-read.ts";

const never = new AbortController().signal;

/** Reads that end when the test says so. */
class Reads {
  begun = 0;
  aborted = 0;
  readonly #open: PromiseWithResolvers<void>[] = [];
  readonly shared = new SharedRead((signal) => this.#read(signal));

  async end(): Promise<void> {
    this.#open.shift()?.resolve();
    await settle();
  }

  async #read(signal: AbortSignal): Promise<number> {
    const number = ++this.begun;
    signal.addEventListener("abort", () => this.aborted++, { once: true });
    const read = Promise.withResolvers<void>();
    this.#open.push(read);
    await read.promise;
    return number;
  }
}
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

describe("a shared read", () => {
  it("serves all who come before it begins, and begins another one for those who come later", async () => {
    const told = new Reads();
    const early = [told.shared.get(never), told.shared.get(never)];
    await settle();
    const late = [told.shared.get(never), told.shared.get(never), told.shared.get(never)];
    await settle();
    expect(told.begun).toBe(1);
    await told.end();
    await told.end();
    expect(await Promise.all(early)).toEqual([1, 1]);
    expect(await Promise.all(late)).toEqual([2, 2, 2]);
    expect(told.begun).toBe(2);
  });

  it("goes on for the others when one leaves, and ends when the last one left", async () => {
    const told = new Reads();
    const [one, two] = [new AbortController(), new AbortController()];
    const work = [told.shared.get(one.signal), told.shared.get(two.signal)].map((each) => each.catch(() => "left"));
    await settle();
    one.abort(new Error("enough"));
    await settle();
    expect(told.aborted).toBe(0);
    two.abort(new Error("enough"));
    expect(await Promise.all(work)).toEqual(["left", "left"]);
    expect(told.aborted).toBe(1);
  });

  it("whoever comes after a turn that everybody left gets an answer", async () => {
    const told = new Reads();
    const first = told.shared.get(never);
    await settle();
    const leaving = new AbortController();
    const left = told.shared.get(leaving.signal).catch(() => "left");
    leaving.abort(new Error("enough"));
    expect(await left).toBe("left");
    const later = told.shared.get(never);
    await told.end();
    await told.end();
    expect([await first, await later]).toEqual([1, 2]);
  });
});
