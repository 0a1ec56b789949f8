import { describe, expect, it } from "vitest";
import { FlagValueError } from "./flag.ts";
import { parseSettings } from "./parse-settings.ts";
import { parseSchedulerConfig } from "./scheduler-config.ts";

const ZONE = { maxSkew: 1, topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway" };

function config(...defaultConstraints: readonly unknown[]): string {
  return JSON.stringify({ podTopologySpread: { defaultConstraints } });
}

function refusal(text: string): Pick<FlagValueError, "message" | "fix"> {
  try {
    parseSchedulerConfig(text);
  } catch (error) {
    if (error instanceof FlagValueError) return error;
    throw error;
  }
  throw new Error("it was taken");
}

describe("parseSchedulerConfig, OP-2, S-427", () => {
  it("takes YAML and JSON", () => {
    const yaml = [
      "podTopologySpread:",
      "  defaultConstraints:",
      "    - maxSkew: 1",
      "      topologyKey: topology.kubernetes.io/zone",
      "      whenUnsatisfiable: ScheduleAnyway",
    ].join("\n");
    expect(parseSchedulerConfig(yaml)).toEqual({ defaultConstraints: [ZONE] });
    expect(parseSchedulerConfig(config(ZONE))).toEqual({ defaultConstraints: [ZONE] });
  });

  it.each(["", "  \n", "{}", "podTopologySpread: {}", "podTopologySpread:\n  defaultConstraints: []"])(
    "%j sets nothing",
    (text) => {
      expect(parseSchedulerConfig(text)).toEqual({ defaultConstraints: [] });
    },
  );

  it("takes one key with both ways of being unsatisfiable, and refuses a pair twice", () => {
    const hard = { ...ZONE, whenUnsatisfiable: "DoNotSchedule" };
    expect(parseSchedulerConfig(config(ZONE, hard)).defaultConstraints).toHaveLength(2);
    expect(refusal(config(ZONE, { ...ZONE, maxSkew: 3 })).message).toContain("two constraints have this topologyKey");
  });

  it.each([
    [{ ...ZONE, maxSkew: 0 }, "[0].maxSkew=0", "use 1 or more"],
    [{ ...ZONE, maxSkew: 1.5 }, "[0].maxSkew=1.5", "use 1 or more"],
    [{ ...ZONE, maxSkew: "1" }, '[0].maxSkew="1"', "use 1 or more"],
    [{ ...ZONE, topologyKey: undefined }, "[0].topologyKey=(missing)", "the key of a label"],
    [{ ...ZONE, topologyKey: "a/b/c" }, '[0].topologyKey="a/b/c"', "the key of a label"],
    [{ ...ZONE, whenUnsatisfiable: "Never" }, '[0].whenUnsatisfiable="Never"', "DoNotSchedule or ScheduleAnyway"],
    [{ ...ZONE, matchLabelKeys: ["x"] }, '[0].matchLabelKeys=["x"]', "leave out matchLabelKeys"],
    [{ ...ZONE, maxskew: 1 }, "[0].maxskew=1", "did you mean maxSkew?"],
    ["zone", '[0]="zone"', "give it maxSkew"],
  ])("refuses %j with field, value and what to do", (constraint, field, fix) => {
    const error = refusal(config(constraint));
    expect(error.message).toContain(`podTopologySpread.defaultConstraints${field}: `);
    expect(error.fix).toContain(fix);
  });

  it("names every mistake at once", () => {
    const { message } = refusal(config({ ...ZONE, maxSkew: -1, topologyKey: "" }, { ...ZONE, minDomains: 2 }));
    expect(message.split("; ")).toHaveLength(3);
  });

  it.each([
    ["nodeName: x", "nodeName", "leave it out; known here: podTopologySpread"],
    ["podTopologySpred: {}", "podTopologySpred", "did you mean podTopologySpread?"],
    ["podTopologySpread: {defaultConstrains: []}", "podTopologySpread.defaultConstrains", "did you mean"],
    ["podTopologySpread: {defaultConstraints: {}}", "podTopologySpread.defaultConstraints", "write a list"],
  ])("refuses %j", (text, field, fix) => {
    const error = refusal(text);
    expect(error.message).toContain(`${field}=`);
    expect(error.fix).toContain(fix);
  });

  it("refuses what is no document, and says that a file's name is none", () => {
    expect(refusal("a: [").message).toContain("neither YAML nor JSON");
    expect(refusal("/etc/karpenter/scheduler.yaml").fix).toContain("not the name of a file");
  });

  it("TC-63: with a labelSelector the process does not start", () => {
    const text = config({ ...ZONE, labelSelector: { matchLabels: { app: "web" } } });
    const start = (argv: readonly string[], env = {}) => parseSettings(argv, { CLUSTER_NAME: "prod", ...env });
    expect(() => start([`--scheduler-config=${text}`])).toThrow(/--scheduler-config.*leave out labelSelector/s);
    expect(() => start([], { SCHEDULER_CONFIG: text })).toThrow(/SCHEDULER_CONFIG.*leave out labelSelector/s);
    expect(start([`--scheduler-config=${config(ZONE)}`]).settings.schedulerConfig.defaultConstraints).toEqual([ZONE]);
  });
});
