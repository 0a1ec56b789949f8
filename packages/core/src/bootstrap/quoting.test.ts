// Whatever a user writes arrives on the machine as it was written, and nothing of it is run that was not meant to.

import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { aJoinPlan, readUserData } from "../testing/cloud-init/index.ts";
import { toYaml } from "./cloud-config.ts";
import { renderUserData, shellQuote } from "./index.ts";

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(..."'\"\\$`!|>:#-%@&*{}[]\n\t yesno0x1e.~"), maxLength: 30 }),
  fc.constantFrom("yes", "off", "0644", "0o17", "1e3", "12:30:45", "~", "null", "2026-01-01", "<<", "=", "- a", "a: b"),
);

describe("quoting", () => {
  it("YAML means the same to readers of 1.1 and 1.2", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), text), (values) => {
        const written = toYaml(values);
        expect(parse(written, { version: "1.1" })).toEqual(values);
        expect(parse(written, { version: "1.2" })).toEqual(values);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  it("files arrive as they were written", () => {
    fc.assert(
      fc.property(text, (content) => {
        const files = [{ path: "/etc/of-the-user", content }];
        const read = readUserData(renderUserData(aJoinPlan({ settings: { files } })));
        expect(read.files.get("/etc/of-the-user")?.content).toBe(content);
        expect(read.commands).toEqual(["bash /etc/karpenter/bootstrap.sh"]);
      }),
      { seed: 2, numRuns: 200 },
    );
  });

  it("a shell sees one word, whatever is in it", () => {
    const words = fc.sample(text, { seed: 3, numRuns: 300 }).filter((word) => !word.includes("\0"));
    const script = `printf '%s\\0' ${words.map(shellQuote).join(" ")}`;
    const seen = execFileSync("bash", ["-c", script]).toString("utf8").split("\0").slice(0, -1);
    expect(seen).toEqual(words);
    expect(() => shellQuote("a\0b")).toThrow("zero byte");
  });
});
