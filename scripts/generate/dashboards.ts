// charts/dashboards: the two usual Grafana dashboards (M-48), capacity and performance, over metrics that the controller writes.

import type { GeneratedSet } from "./files.ts";

type Unit = "short" | "percentunit" | "s" | "reqps" | "ops" | "bytes";

interface Panel {
  readonly title: string;
  readonly kind: "stat" | "timeseries" | "table";
  readonly unit: Unit;
  /** What each query's series are called; tables take the labels themselves. */
  readonly queries: readonly (readonly [expression: string, legend: string])[];
  readonly stacked?: boolean;
}

interface Dashboard {
  readonly file: string;
  readonly title: string;
  readonly panels: readonly Panel[];
}

const POOL = `nodepool=~"$nodepool"`;
const NODE_LABELS = "node_name, nodepool, instance_type, zone, capacity_type";

const increase = (metric: string, by: string): string =>
  `sum by (${by}) (increase(${metric}{${POOL}}[$__rate_interval]))`;
const rate = (metric: string, by: string): string => `sum by (${by}) (rate(${metric}[$__rate_interval]))`;
const quantile = (q: number, metric: string, by = ""): string =>
  `histogram_quantile(${q}, ${rate(`${metric}_bucket`, by === "" ? "le" : `le, ${by}`)})`;
const ofSummary = (metric: string): string => `max by (quantile) (${metric}{quantile=~"0.5|0.9|0.99"})`;
const used = (resource: string): string =>
  `sum by (${NODE_LABELS}) (karpenter_nodes_total_pod_requests{${POOL},resource_type="${resource}"})` +
  ` / sum by (${NODE_LABELS}) (karpenter_nodes_allocatable{${POOL},resource_type="${resource}"})`;
const podsBy = (label: string): Panel => ({
  title: `Pods by ${label.replace("_", " ")}`,
  kind: "timeseries",
  unit: "short",
  stacked: true,
  queries: [[`sum by (${label}) (karpenter_pods_state{${POOL},scheduled="true"})`, `{{${label}}}`]],
});

const CAPACITY: Dashboard = {
  file: "karpenter-capacity.json",
  title: "Karpenter: capacity",
  panels: [
    { title: "Nodes", kind: "stat", unit: "short", queries: [["max(karpenter_cluster_state_node_count)", ""]] },
    {
      title: "Pods without a place",
      kind: "stat",
      unit: "short",
      queries: [["sum(karpenter_scheduler_unschedulable_pods_count)", ""]],
    },
    {
      title: "Cost per hour",
      kind: "stat",
      unit: "short",
      queries: [[`sum(karpenter_nodepools_cost_total{${POOL}})`, ""]],
    },
    {
      title: "Nodes without a price",
      kind: "stat",
      unit: "short",
      queries: [[`sum(kmc_unpriced_nodes{${POOL}})`, ""]],
    },
    {
      title: "Nodes created",
      kind: "timeseries",
      unit: "short",
      stacked: true,
      queries: [[increase("karpenter_nodes_created_total", "nodepool"), "{{nodepool}}"]],
    },
    {
      title: "Nodes terminated",
      kind: "timeseries",
      unit: "short",
      stacked: true,
      queries: [[increase("karpenter_nodes_terminated_total", "nodepool"), "{{nodepool}}"]],
    },
    {
      title: "NodeClaims disrupted",
      kind: "timeseries",
      unit: "short",
      stacked: true,
      queries: [[increase("karpenter_nodeclaims_disrupted_total", "nodepool, reason"), "{{nodepool}} {{reason}}"]],
    },
    {
      title: "Machines that could not be had",
      kind: "timeseries",
      unit: "short",
      stacked: true,
      queries: [
        [
          "sum by (zone, capacity_type, reason) (increase(karpenter_cloudprovider_instance_launch_failures_total[$__rate_interval]))",
          "{{reason}} {{zone}} {{capacity_type}}",
        ],
      ],
    },
    {
      title: "Pods by phase",
      kind: "timeseries",
      unit: "short",
      stacked: true,
      queries: [["sum by (phase) (karpenter_pods_state)", "{{phase}}"]],
    },
    podsBy("nodepool"),
    podsBy("zone"),
    podsBy("instance_type"),
    {
      title: "Cost per hour by NodePool",
      kind: "timeseries",
      unit: "short",
      stacked: true,
      queries: [[`sum by (nodepool) (karpenter_nodepools_cost_total{${POOL}})`, "{{nodepool}}"]],
    },
    {
      title: "Share of spot nodes",
      kind: "timeseries",
      unit: "percentunit",
      queries: [
        [
          `count(karpenter_nodes_allocatable{${POOL},resource_type="cpu",capacity_type="spot"})` +
            ` / count(karpenter_nodes_allocatable{${POOL},resource_type="cpu"})`,
          "spot",
        ],
      ],
    },
    {
      title: "Use of each NodePool's limits",
      kind: "table",
      unit: "percentunit",
      queries: [
        [
          `sum by (nodepool, resource_type) (karpenter_nodepools_usage{${POOL}})` +
            ` / sum by (nodepool, resource_type) (karpenter_nodepools_limit{${POOL}})`,
          "",
        ],
      ],
    },
    { title: "CPU requested of each node", kind: "table", unit: "percentunit", queries: [[used("cpu"), ""]] },
    { title: "Memory requested of each node", kind: "table", unit: "percentunit", queries: [[used("memory"), ""]] },
  ],
};

const PERFORMANCE: Dashboard = {
  file: "karpenter-performance.json",
  title: "Karpenter: performance",
  panels: [
    {
      title: "From creation to readiness of a pod",
      kind: "timeseries",
      unit: "s",
      queries: [[ofSummary("karpenter_pods_startup_duration_seconds"), "{{quantile}}"]],
    },
    {
      title: "From creation to binding of a pod",
      kind: "timeseries",
      unit: "s",
      queries: [
        [quantile(0.5, "karpenter_pods_bound_duration_seconds"), "0.5"],
        [quantile(0.95, "karpenter_pods_bound_duration_seconds"), "0.95"],
      ],
    },
    {
      title: "Termination of a node",
      kind: "timeseries",
      unit: "s",
      queries: [[ofSummary("karpenter_nodes_termination_duration_seconds"), "{{quantile}}"]],
    },
    {
      title: "Planning, 95th percentile",
      kind: "timeseries",
      unit: "s",
      queries: [[quantile(0.95, "karpenter_scheduler_scheduling_duration_seconds", "controller"), "{{controller}}"]],
    },
    {
      title: "Reconciles, 95th percentile",
      kind: "timeseries",
      unit: "s",
      queries: [[quantile(0.95, "controller_runtime_reconcile_time_seconds", "controller"), "{{controller}}"]],
    },
    {
      title: "Reconciles",
      kind: "timeseries",
      unit: "ops",
      queries: [[rate("controller_runtime_reconcile_total", "controller"), "{{controller}}"]],
    },
    {
      title: "Failed reconciles",
      kind: "timeseries",
      unit: "ops",
      queries: [[rate("controller_runtime_reconcile_errors_total", "controller"), "{{controller}}"]],
    },
    {
      title: "Waiting keys",
      kind: "timeseries",
      unit: "short",
      queries: [["sum by (name) (workqueue_depth)", "{{name}}"]],
    },
    {
      title: "Calls of the cloud, 95th percentile",
      kind: "timeseries",
      unit: "s",
      queries: [[quantile(0.95, "karpenter_cloudprovider_duration_seconds", "method"), "{{method}}"]],
    },
    {
      title: "Errors of the cloud",
      kind: "timeseries",
      unit: "reqps",
      queries: [[rate("karpenter_cloudprovider_errors_total", "method, error"), "{{method}} {{error}}"]],
    },
    {
      title: "Requests to the API server",
      kind: "timeseries",
      unit: "reqps",
      queries: [[rate("rest_client_requests_total", "code, method"), "{{method}} {{code}}"]],
    },
    {
      title: "Silence of watches",
      kind: "timeseries",
      unit: "s",
      queries: [["max by (resource) (karpenter_watch_last_event_age_seconds)", "{{resource}}"]],
    },
    {
      title: "Lag of the event loop, 99th percentile",
      kind: "timeseries",
      unit: "s",
      queries: [["max(nodejs_eventloop_lag_p99_seconds)", "lag"]],
    },
    {
      title: "Memory",
      kind: "timeseries",
      unit: "bytes",
      queries: [
        ["max(process_resident_memory_bytes)", "resident"],
        ["max(nodejs_heap_size_used_bytes)", "heap"],
      ],
    },
  ],
};

/** Without the job: a scrape of one release is assumed; the variable chooses the NodePool. */
export function dashboardFiles(): GeneratedSet {
  return {
    ownedFolder: "charts/dashboards/",
    files: [CAPACITY, PERFORMANCE].map((dashboard) => ({
      path: `charts/dashboards/${dashboard.file}`,
      text: `${JSON.stringify(toGrafana(dashboard), undefined, 2)}\n`,
    })),
  };
}

function toGrafana({ file, title, panels }: Dashboard): unknown {
  return {
    uid: file.replace(".json", ""),
    title,
    tags: ["karpenter"],
    editable: true,
    schemaVersion: 39,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    templating: { list: variables() },
    panels: placed(panels).map(({ panel, at }, index) => grafanaPanel(panel, at, index + 1)),
  };
}

const SOURCE = { type: "prometheus", uid: "${datasource}" };

function variables(): readonly unknown[] {
  const query = "label_values(karpenter_nodes_created_total, nodepool)";
  return [
    { name: "datasource", type: "datasource", query: "prometheus", label: "Data source" },
    {
      name: "nodepool",
      type: "query",
      label: "NodePool",
      datasource: SOURCE,
      query: { query, refId: "nodepool" },
      refresh: 2,
      multi: true,
      includeAll: true,
      allValue: ".*",
    },
  ];
}

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** From left to right in rows of 24 columns; a row is as high as its first panel. */
function placed(panels: readonly Panel[]): readonly { readonly panel: Panel; readonly at: Place }[] {
  let [x, y, height] = [0, 0, 0];
  return panels.map((panel) => {
    const [w, h] = panel.kind === "stat" ? [6, 4] : panel.kind === "table" ? [24, 8] : [12, 8];
    if (x + w > 24) [x, y] = [0, y + height];
    const at = { x, y, w, h };
    [x, height] = [x + w, h];
    return { panel, at };
  });
}

function grafanaPanel({ title, kind, unit, queries, stacked = false }: Panel, gridPos: Place, id: number): unknown {
  const isTable = kind === "table";
  return {
    id,
    title,
    type: kind,
    datasource: SOURCE,
    gridPos,
    fieldConfig: {
      defaults: {
        unit,
        ...(kind === "timeseries" && { custom: { fillOpacity: 10, stacking: { mode: stacked ? "normal" : "none" } } }),
      },
      overrides: [],
    },
    targets: queries.map(([expr, legendFormat], index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource: SOURCE,
      expr,
      ...(legendFormat !== "" && { legendFormat }),
      ...(isTable && { format: "table", instant: true }),
    })),
    ...(isTable && { transformations: [{ id: "organize", options: { excludeByName: { Time: true } } }] }),
  };
}
