import { describe, expect, it } from "vitest";
import { counted, lasted, shortened, wrapped } from "./text-layout.ts";

describe("text layout", () => {
  it("counts in words", () => {
    expect([counted(1, "node"), counted(0, "node"), counted(5, "pod")]).toEqual(["1 node", "0 nodes", "5 pods"]);
  });

  it("keeps both ends of a name that is too long", () => {
    const name = "karpenter-b3-32-eu-west-par-a-node-10d4e8";
    expect(shortened(name, 50)).toBe(name);
    expect(shortened(name, 24)).toBe("karpenter-b3…node-10d4e8");
    expect(shortened(name, 24)).toHaveLength(24);
  });

  it("breaks lines at spaces and indents what follows", () => {
    expect(wrapped("one two three four", 9, 2)).toEqual(["one two", "  three", "  four"]);
    expect(wrapped("short", 9, 2)).toEqual(["short"]);
    expect(wrapped("a-word-longer-than-the-line next", 9, 2)).toEqual(["a-word-longer-than-the-line", "  next"]);
  });

  it("tells how long something took", () => {
    expect([lasted(33), lasted(276)]).toEqual(["33 s", "4 min 36 s"]);
  });
});
