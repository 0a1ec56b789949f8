import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readLastLooks } from "./last-looks.ts";

const US = "us";

function entry(
  verb: string,
  objectRef: object,
  asked: number,
  { user = US, uri = "", code = 200, took = 1 } = {},
): string {
  const at = (second: number): string => new Date(second * 1000).toISOString();
  return JSON.stringify({
    verb,
    requestURI: uri,
    user: { username: user },
    objectRef,
    responseStatus: { code },
    requestReceivedTimestamp: at(asked),
    stageTimestamp: at(asked + took),
  });
}

it("the last look at a node is the controller's last list of its pods before the claim's deletion was asked for", async () => {
  const uri = "/api/v1/pods?fieldSelector=spec.nodeName%3Dn1";
  const pods = { resource: "pods" };
  const claim = { resource: "nodeclaims", name: "c1" };
  const lines = [
    entry("list", pods, 1, { uri }),
    entry("list", pods, 2, { uri, user: "somebody" }),
    entry("list", pods, 3, { uri }),
    entry("list", pods, 4, { uri: uri.replace("n1", "n2") }),
    entry("list", pods, 4, { uri, code: 500 }),
    entry("delete", claim, 5),
    entry("list", pods, 6, { uri }),
    entry("delete", claim, 7),
    entry("create", { resource: "pods", name: "p1" }, 8, { user: "somebody", code: 201 }),
    entry("create", { resource: "pods", name: "p1", subresource: "eviction" }, 20, { code: 201 }),
    entry("create", { resource: "pods", name: "p1", subresource: "binding" }, 9, { user: "scheduler", code: 201 }),
    entry("delete", { resource: "pods", name: "p1" }, 10),
    entry("delete", { resource: "pods", name: "p2" }, 10, { user: "somebody" }),
    entry("create", { resource: "pods", name: "p3", subresource: "eviction" }, 10, { code: 201 }),
    '{"verb":"li',
  ];
  const path = join(await mkdtemp(join(tmpdir(), "looks-")), "audit.log");
  await writeFile(path, lines.join("\n"));
  const looks = await readLastLooks(path, US);
  expect([looks.lookBefore("c1", "n1"), looks.lookBefore("c1", "n3"), looks.lookBefore("c2", "n1")]).toEqual([
    3000,
    undefined,
    undefined,
  ]);
  expect([looks.boundAt("p1"), looks.boundAt("p2")]).toEqual([10_000, undefined]);
  expect(["p1", "p2", "p3"].map((name) => looks.deletedByController(name))).toEqual([true, false, false]);
});
