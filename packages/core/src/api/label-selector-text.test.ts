import { describe, expect, it } from "vitest";
import { LabelSelectorError, parseLabelSelector } from "./label-selector-text.ts";

describe("a label selector as text", () => {
  it.each([
    ["app=web", true, false],
    ["app == web", true, false],
    ["app!=web", false, true],
    ["app in (db, web)", true, false],
    ["app in (db)", false, false],
    ["app notin (web)", false, true],
    ["app", true, false],
    ["!app", false, true],
    ["app=web,tier in (front,back)", true, false],
    ["app=web,!tier", false, false],
    ["size>4", true, false],
    ["size<4", false, false],
    ["constructor", false, false],
    ["", true, true],
  ])("%j: selects the pod %s, one without labels %s", (text, labelled, bare) => {
    const selects = parseLabelSelector(text);
    expect([selects({ app: "web", tier: "front", size: "5" }), selects({})]).toEqual([labelled, bare]);
  });

  it.each(["app in (web", "app=web,", "=web", "a b", "app=a b", "app=-", "-x=a", "size>many", "app in web"])(
    "%j cannot be read",
    (text) => {
      expect(() => parseLabelSelector(text)).toThrow(LabelSelectorError);
    },
  );
});
