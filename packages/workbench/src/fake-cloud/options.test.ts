import { describe, expect, it } from "vitest";
import { parseFakeCloudOptions } from "./options.ts";

describe("fake-cloud options", () => {
  it("serves on any free port, fast and over https, unless said otherwise", () => {
    expect(parseFakeCloudOptions(["ovh"])).toEqual({
      cloud: "ovh",
      port: 0,
      seed: 1,
      speed: "fast",
      faults: undefined,
      kubeconfig: undefined,
      insecure: false,
    });
  });

  it.each([
    [["aws"], 'there is no fake of "aws"'],
    [[], "no cloud is named"],
    [["ovh", "--port", "http"], '--port "http" is no whole number from 0 to 65535'],
    [["ovh", "--speed=-1"], '--speed "-1" is no speed'],
    [["ovh", "--sped", "1"], "--sped"],
  ])("%j is refused with what to write instead", (argv, text) => {
    expect(() => parseFakeCloudOptions(argv)).toThrow(text);
  });
});
