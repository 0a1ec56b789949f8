import { describe, expect, it } from "vitest";
import { readFlags, UsageError } from "./read-flags.ts";

const options = { nodes: { type: "string" } } as const;

describe("readFlags", () => {
  it("passes over the dashes that pnpm hands on", () => {
    expect(readFlags(["--", "--nodes", "3"], "help", { options }).values).toMatchObject({ nodes: "3" });
  });

  it.each(["--help", "-h"])("%s ends with the help alone, where a command has no such flag of its own", (flag) => {
    expect(() => readFlags(["--nodes", flag], "\nhow to use it", { options })).toThrow(/^how to use it$/);
    const own = { ...options, help: { type: "boolean", short: "h" } } as const;
    expect(readFlags([flag], "help", { options: own }).values).toMatchObject({ help: true });
  });

  it("a flag that is none is named above the help", () => {
    const read = (): unknown => readFlags(["--nods", "3"], "how to use it", { options });
    expect(read).toThrow(UsageError);
    expect(read).toThrow(/--nods[^]*\nhow to use it$/);
  });
});
