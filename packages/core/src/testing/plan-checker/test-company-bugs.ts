// Bugs of a solver that concern pods among each other, each as what it misreads.

import { Label } from "../../api/index.ts";
import { aPod } from "../builders/index.ts";
import { node, problem, required, spread, wants, web, without, pinned } from "./test-clusters.ts";
import type { SolverBug } from "./test-clusters.ts";
import { nodes, pods } from "./test-told.ts";

export const companyBugs: readonly SolverBug[] = [
  {
    bug: "zonal spread is overlooked",
    rule: "TopologySpread",
    input: problem(wants(web(spread(Label.Zone)), 3)),
    misreading: without("topologySpreadConstraints"),
  },
  {
    bug: "spread over hosts is overlooked",
    rule: "TopologySpread",
    input: problem(wants(web(spread(Label.Hostname)), 3)),
    misreading: without("topologySpreadConstraints"),
  },
  {
    bug: "maxSkew is off by one",
    rule: "TopologySpread",
    input: problem(wants(web(spread(Label.Hostname)), 2)),
    misreading: pods((spec) => ({ ...spec, ...spread(Label.Hostname, { maxSkew: 2 }) })),
  },
  {
    bug: "minDomains is overlooked",
    rule: "TopologySpread",
    input: problem(wants(web({ ...spread(Label.Zone, { minDomains: 2 }), ...pinned }), 3)),
    misreading: pods((spec) => ({ ...spec, ...spread(Label.Zone) })),
  },
  {
    bug: "running pods are not counted in a spread",
    rule: "TopologySpread",
    input: problem({
      ...wants(web(spread(Label.Hostname))),
      nodes: [node({ pods: [aPod({ name: "busy", nodeName: "n1", labels: { app: "web" } })] })],
    }),
    misreading: nodes((each) => ({ ...each, pods: [] })),
  },
  {
    bug: "anti-affinity of new pods is overlooked",
    rule: "PodAntiAffinity",
    input: problem(wants(web({ affinity: { podAntiAffinity: required(Label.Hostname) } }), 2)),
    misreading: without("affinity"),
  },
  {
    bug: "anti-affinity of running pods is overlooked",
    rule: "PodAntiAffinity",
    input: problem({
      ...wants(web({})),
      nodes: [
        node({
          pods: [
            aPod({ name: "b", nodeName: "n1", spec: { affinity: { podAntiAffinity: required(Label.Hostname) } } }),
          ],
        }),
      ],
    }),
    misreading: nodes((each) => ({ ...each, pods: [] })),
  },
  {
    bug: "anti-affinity by zone is read as by host",
    rule: "PodAntiAffinity",
    input: problem(wants(web({ affinity: { podAntiAffinity: required(Label.Zone) }, ...pinned }), 2)),
    misreading: pods((spec) => ({ ...spec, affinity: { podAntiAffinity: required(Label.Hostname) } })),
  },
  {
    bug: "anti-affinity looks at its own namespace only",
    rule: "PodAntiAffinity",
    input: problem({
      pods: [
        aPod({
          name: "a",
          ...web({ affinity: { podAntiAffinity: required(Label.Hostname, { namespaces: ["other"] }) } }),
        }),
        aPod({ name: "b", namespace: "other", labels: { app: "web" } }),
      ],
    }),
    misreading: pods((spec) =>
      spec.affinity ? { ...spec, affinity: { podAntiAffinity: required(Label.Hostname) } } : spec,
    ),
  },
  {
    bug: "affinity is overlooked",
    rule: "PodAffinity",
    input: problem({
      pods: [aPod({ name: "lonely", spec: { affinity: { podAffinity: required(Label.Hostname) } } })],
    }),
    misreading: without("affinity"),
  },
  {
    bug: "affinity by host is read as by zone",
    rule: "PodAffinity",
    input: problem({
      ...wants(web({ affinity: { podAffinity: required(Label.Hostname) } }, { requests: { cpu: "6" } }), 2),
    }),
    misreading: pods((spec) => ({ ...spec, affinity: { podAffinity: required(Label.Zone) } })),
  },
];
