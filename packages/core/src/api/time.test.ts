import { describe, expect, it } from "vitest";
import { fromRfc3339, toRfc3339 } from "./time.ts";

describe("RFC 3339 times", () => {
  it("are written in whole seconds of UTC, cut downwards", () => {
    expect(toRfc3339(0)).toBe("1970-01-01T00:00:00Z");
    expect(toRfc3339(1_769_846_400_999)).toBe("2026-01-31T08:00:00Z");
    expect(toRfc3339(-1)).toBe("1969-12-31T23:59:59Z");
  });

  it("are read with fractions and offsets", () => {
    expect(fromRfc3339("2026-01-31T08:00:00Z")).toBe(1_769_846_400_000);
    expect(fromRfc3339("2026-01-31T09:00:00.123456+01:00")).toBe(1_769_846_400_123);
  });

  it.each(["", "yesterday", "2026-01-31", "2026-01-31T08:00:00", "2026-13-31T08:00:00Z"])("refuse %j", (text) => {
    expect(() => fromRfc3339(text)).toThrow(`not an RFC 3339 time: ${JSON.stringify(text)}`);
  });
});
