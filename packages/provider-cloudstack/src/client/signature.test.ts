import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { flatten, pairs } from "./parameters.ts";
import { encodeValue, sign, stringToSign, toQuery } from "./signature.ts";

interface Vector {
  readonly name: string;
  readonly secret: string;
  readonly params: Readonly<Record<string, string>>;
  readonly stringToSign: string;
  readonly signatureBase64: string;
}

const vectors = JSON.parse(
  readFileSync(new URL("./test-data/signing-vectors.json", import.meta.url), "utf8"),
) as readonly Vector[];

describe("signatures", () => {
  it.each(vectors)("T-02: $name", ({ secret, params, ...wanted }) => {
    const parameters = new Map(Object.entries(params));
    expect(stringToSign(parameters)).toBe(wanted.stringToSign);
    expect(sign(parameters, secret)).toBe(wanted.signatureBase64);
  });

  it("T-03, T-04: a space is %20, a star stays, the rest is escaped as Java does", () => {
    expect(encodeValue("a b*~!'()ä")).toBe("a%20b*%7E%21%27%28%29%C3%A4");
    expect(stringToSign(new Map([["name", "x~y z"]]))).toBe("name=x%7ey%20z");
    expect(toQuery(new Map([["name", "a b"]]))).toBe("name=a%20b");
  });

  it("T-05: the brackets of a map stand raw in what is signed and encoded on the wire", () => {
    const tags = flatten({ tags: pairs({ team: "blue" }) });
    expect(stringToSign(tags)).toBe("tags[0].key=team&tags[0].value=blue");
    expect(toQuery(tags)).toBe("tags%5B0%5D.key=team&tags%5B0%5D.value=blue");
  });
});

describe("parameters", () => {
  it("become lower-case names, joined lists and indexed maps; what is undefined is left out", () => {
    const flat = flatten({
      networkIds: ["a", "b"],
      startVM: true,
      details: [{ cpuNumber: 4, memory: 8192 }],
      projectid: undefined,
      volumeids: [],
    });
    expect([...flat]).toEqual([
      ["networkids", "a,b"],
      ["startvm", "true"],
      ["details[0].cpuNumber", "4"],
      ["details[0].memory", "8192"],
    ]);
  });

  it("with a tab or another control character are refused by name; line ends pass", () => {
    expect(() => flatten({ tags: pairs({ note: "a\tb" }) })).toThrow("tags[0].value holds a control character");
    expect([...flatten({ name: "a\r\nb" }).values()]).toEqual(["a\r\nb"]);
  });
});
