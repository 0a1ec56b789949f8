import { expect, it } from "vitest";
import { FakeClock } from "../../testing/index.ts";
import { minutes } from "../../units/index.ts";
import { NodeBackOff } from "./node-back-off.ts";

it("DX-35: a node whose command failed is left alone for 5 minutes, then for 10, at most for an hour", async () => {
  const clock = new FakeClock();
  const backOff = new NodeBackOff({ clock });
  const pauses: number[] = [];
  for (let failure = 0; failure < 6; failure++) {
    backOff.failed(["n1"], "it took too long", minutes(5));
    const since = clock.now();
    while (backOff.paused().has("n1")) await clock.advance(60_000);
    pauses.push((clock.now() - since) / 60_000);
  }
  expect(pauses).toEqual([5, 10, 20, 40, 60, 60]);
  expect(backOff.paused().has("n2")).toBe(false);
});

it("DX-35: a node that is held for a moment keeps the count of its failures, and is forgotten like the others", async () => {
  const clock = new FakeClock();
  const backOff = new NodeBackOff({ clock });
  backOff.failed(["n1"], "it took too long", minutes(5));
  backOff.hold("n1", "it could not be tainted", minutes(1));
  expect([...backOff.haveFailed()]).toEqual(["n1"]);
  await clock.advance(minutes(120));
  backOff.hold("n2", "it could not be tainted", minutes(1));
  expect([...backOff.haveFailed()]).toEqual([]);
  expect(backOff.paused().get("n2")).toMatchObject({ why: "it could not be tainted", alsoEmpty: true });
});
