import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { readSources, UnreadableFile } from "./read-sources.ts";

it("files come in the order in which they were given", async () => {
  const own = fileURLToPath(import.meta.url);
  const [first, second] = await readSources([own, own.replace(".test.ts", ".ts")]);
  expect([first?.name, second?.text.includes("class UnreadableFile")]).toEqual([own, true]);
});

it("a file that is not there is named, with why", async () => {
  const missing = readSources(["/nowhere/my-nodepool.yaml"]);
  await expect(missing).rejects.toBeInstanceOf(UnreadableFile);
  await expect(missing).rejects.toThrow(/^\/nowhere\/my-nodepool\.yaml: cannot be read \(ENOENT/);
});
