// What an API server with our CRDs accepts and refuses of NodePools about how and when their nodes go, case by case.

import { each, pool, poolJson, TEMPLATE, type SchemaCase } from "./schema-cases.ts";

const BUDGETS: readonly SchemaCase[] = [
  pool("A-3a: no budget at all", poolJson({}, { disruption: { budgets: [] } })),
  pool("budget that matches no reason", poolJson({}, { disruption: { budgets: [{ nodes: "1", reasons: [] }] } })),
  ...each(["0", "0%", "100%", "5", "007"], (nodes, text) =>
    pool(`TC-7: budget of ${text}`, poolJson({}, { disruption: { budgets: [{ nodes }] } })),
  ),
  ...each(["101%", "1000%", "-1", "5.5%", 5], (nodes, text) =>
    pool(`TC-7: budget of ${text}`, poolJson({}, { disruption: { budgets: [{ nodes }] } }), [
      "spec.disruption.budgets[0].nodes",
    ]),
  ),
  pool(
    "TC-8: schedule without duration",
    poolJson({}, { disruption: { budgets: [{ nodes: "1", schedule: "@daily" }] } }),
    ["spec.disruption.budgets[0]"],
  ),
  pool(
    "TC-8: duration without schedule, second budget",
    poolJson({}, { disruption: { budgets: [{ nodes: "1" }, { nodes: "1", duration: "8h" }] } }),
    ["spec.disruption.budgets[1]"],
  ),
  ...each(["90s", "1m1h", "8"], (duration, text) =>
    pool(
      `TC-8: budget duration ${text}`,
      poolJson({}, { disruption: { budgets: [{ nodes: "1", schedule: "@daily", duration }] } }),
      ["spec.disruption.budgets[0].duration"],
    ),
  ),
  ...each(["1h30m", "20m0s", "30m", "8h"], (duration, text) =>
    pool(
      `TC-8: budget duration ${text}`,
      poolJson({}, { disruption: { budgets: [{ nodes: "1", schedule: "@daily", duration }] } }),
    ),
  ),
  ...each(["* * * *", "@every 1h", "@reboot"], (schedule, text) =>
    pool(
      `TC-9: budget schedule ${text}`,
      poolJson({}, { disruption: { budgets: [{ nodes: "1", schedule, duration: "1h" }] } }),
      ["spec.disruption.budgets[0].schedule"],
    ),
  ),
  ...each(["0 0 0 * * *", "@dailyfoo", "TZ=Europe/Paris 0 9 * * mon-fri", "0 9 * * mon-fri"], (schedule, text) =>
    pool(
      `A-6, TC-9: budget schedule ${text}`,
      poolJson({}, { disruption: { budgets: [{ nodes: "1", schedule, duration: "1h" }] } }),
    ),
  ),
  pool(
    "budget reason twice",
    poolJson({}, { disruption: { budgets: [{ nodes: "1", reasons: ["Empty", "Empty"] }] } }),
    ["spec.disruption.budgets[0].reasons[1]"],
  ),
  pool("unknown budget reason", poolJson({}, { disruption: { budgets: [{ nodes: "1", reasons: ["Expired"] }] } }), [
    "spec.disruption.budgets[0].reasons[0]",
  ]),
  pool("50 budgets", poolJson({}, { disruption: { budgets: Array.from({ length: 50 }, () => ({ nodes: "1" })) } })),
  pool(
    "a budget for every reason",
    poolJson(
      {},
      {
        disruption: { budgets: [{ nodes: "1", reasons: ["Underutilized", "Empty", "Drifted"] }] },
      },
    ),
  ),
  ...each(["@annually", "@yearly", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"], (schedule, text) =>
    pool(
      `A-6: budget schedule ${text}`,
      poolJson({}, { disruption: { budgets: [{ nodes: "1", schedule, duration: "1h" }] } }),
    ),
  ),
  pool("51 budgets", poolJson({}, { disruption: { budgets: Array.from({ length: 51 }, () => ({ nodes: "1" })) } }), [
    "spec.disruption.budgets",
  ]),
];

const DISRUPTION: readonly SchemaCase[] = [
  ...each(["WhenEmpty", "WhenEmptyOrUnderutilized", "Balanced"], (consolidationPolicy, text) =>
    pool(`consolidation policy ${text}`, poolJson({}, { disruption: { consolidationPolicy } })),
  ),
  pool("old consolidation policy", poolJson({}, { disruption: { consolidationPolicy: "WhenUnderutilized" } }), [
    "spec.disruption.consolidationPolicy",
  ]),
  ...each(["1h30m5s", "Never", "0s", "1m1h"], (consolidateAfter, text) =>
    pool(`TC-18: consolidateAfter ${text}`, poolJson({}, { disruption: { consolidateAfter } })),
  ),
  ...each(["100ms", "-1s", "1.5h", "1d", "1hr", "never", ""], (consolidateAfter, text) =>
    pool(`TC-18, E-17: consolidateAfter ${text}`, poolJson({}, { disruption: { consolidateAfter } }), [
      "spec.disruption.consolidateAfter",
    ]),
  ),
  pool(
    "E-18: WhenEmptyOrUnderutilized together with consolidateAfter",
    poolJson({}, { disruption: { consolidationPolicy: "WhenEmptyOrUnderutilized", consolidateAfter: "30s" } }),
  ),
  ...each(["24h", "1h30m5s"], (terminationGracePeriod, text) =>
    pool(`terminationGracePeriod ${text}`, poolJson({ terminationGracePeriod })),
  ),
  ...each(["1.5h", "1d", ""], (expireAfter, text) =>
    pool(`expireAfter ${text}`, poolJson({ expireAfter }), [`${TEMPLATE}.expireAfter`]),
  ),
  pool("TC-18: expireAfter never", poolJson({ expireAfter: "never" }), [`${TEMPLATE}.expireAfter`]),
  pool("TC-18: terminationGracePeriod Never", poolJson({ terminationGracePeriod: "Never" }), [
    `${TEMPLATE}.terminationGracePeriod`,
  ]),
  pool("expireAfter Never", poolJson({ expireAfter: "Never" })),
  ...each([0, 101], (weight, text) => pool(`weight ${text}`, poolJson({}, { weight }), ["spec.weight"])),
  ...each([1, 100], (weight, text) => pool(`weight ${text}`, poolJson({}, { weight }))),
];

export const POOL_DISRUPTION_CASES: readonly SchemaCase[] = [...BUDGETS, ...DISRUPTION];
