// The first step of a solve: Kubernetes objects become numbers, tables and sets; nothing is decided yet (S-1001).

import type { Pod } from "../../api/index.ts";
import { daemonPods } from "../daemonsets.ts";
import type { DaemonPod } from "../daemonsets.ts";
import type { ProblemInput } from "../problem.ts";
import { readingOf } from "../read-pod.ts";
import { poolsInOrder } from "../templates.ts";
import type { Template, TemplateContext } from "../templates.ts";
import { requiredTermsOf } from "../topology/groups.ts";
import { NamespaceBook } from "../topology/namespaces.ts";
import type { Resources } from "../../units/index.ts";
import { VolumeBook } from "../volumes/volume-book.ts";
import { CompileCache } from "./compile-cache.ts";
import type { PoolShelf } from "./compile-cache.ts";
import { GroupBook } from "./group-book.ts";
import { identityOf } from "./identity.ts";
import { LabelKeys } from "./label-keys.ts";
import { nodeList } from "./node-list.ts";
import type { NodeList } from "./node-list.ts";
import { nodeTable, TaintLists } from "./node-table.ts";
import type { OptionIndex } from "./option-index.ts";
import { constraintText, sortPods } from "./pod-sorter.ts";
import type { SortedPods } from "./pod-sorter.ts";
import { poolTable } from "./pool-table.ts";
import type { PoolReading, PoolTable } from "./pool-table.ts";
import type { CompiledProblem, RequestVector } from "./problem.ts";
import { queueOrder } from "./queue-order.ts";
import { RequirementBook } from "./requirement-book.ts";
import { shapeOf } from "./shapes.ts";
import type { Shape } from "./shapes.ts";
import { STRIDE } from "./steps.ts";
import type { Steps } from "./steps.ts";
import { topologyTable } from "./topology-table.ts";
import type { TopologyTable } from "./topology-table.ts";

/** Pauses now and then. */
export function* compile(input: ProblemInput, cache = new CompileCache()): Steps<CompiledProblem> {
  const { normalization, wellKnownLabels: wellKnown } = input;
  const book = new RequirementBook(wellKnown);
  const taintLists = new TaintLists();
  const daemons = daemonPods(input.daemonSets, normalization);
  const context: TemplateContext = { ...input, daemons, wellKnown };
  const shelf = cache.shelfFor(context);
  const templates = yield* templatesIn(input, context, shelf);
  const optionsOf = (template: Template): OptionIndex => shelf.optionsOf(template, context);
  const pools = yield* poolTables(templates, optionsOf, { book, taintLists });
  yield;
  const volumes = new VolumeBook(input.storage, normalization);
  const list = yield* nodeList(input.nodes, input.nodesInCommon ?? input.nodes, cache.nodes);
  const repelling = repellingOn(list);
  const labelKeys = yield* labelKeysOf(input, repelling);
  yield;
  const rules = new GroupBook({ namespaces: new NamespaceBook(input), ...(normalization && { normalization }) });
  yield;
  const sorted = yield* sortPods({ input, labelKeys, volumes, reading: readingOf(input, rules) });
  const inThisSolve = new Set(input.pods.map(identityOf));
  yield* registerCarriers(repelling, rules, { labelKeys, inThisSolve });
  const { resources, vectors, vectorOf } = vectorsOf(sorted.requests);
  internRequirements(sorted, book);
  const keys = askedKeys(book, daemons, rules);
  const reading = { book, taintLists, daemons, resources, keys, ...(normalization && { normalization }) };
  yield;
  const nodes = yield* nodeTable(list.facts, reading);
  const topology = yield* topologyTable({
    rules,
    labelKeys,
    book,
    taintLists,
    nodes,
    list,
    universe: lazily(() => shelf.universeOf(templates)),
    inThisSolve,
  });
  yield;
  const shapes = yield* shapesOf(sorted, book, topology);
  yield;
  const order = queueOrder(sorted.pods, sorted.requests, vectorOf);
  yield;
  return {
    input,
    book,
    taintLists,
    volumes,
    templates,
    pools,
    reservedTypes: templates.flatMap((template) => shelf.reservedOf(template)),
    nodes,
    topology,
    shapes,
    stances: shapes.flatMap(({ stances }) => stances),
    resources,
    vectors,
    pods: podsIn(order, sorted.pods),
    shapeOfPod: order.map((index) => sorted.shapes[index] ?? 0),
    vectorOfPod: order.map((index) => vectorOf[index] ?? 0),
    refused: sorted.refused,
  };
}

function podsIn(order: Int32Array, pods: readonly Pod[]): readonly Pod[] {
  const ordered: Pod[] = [];
  for (let place = 0; place < order.length; place++) {
    const pod = pods[order[place] ?? -1];
    if (pod !== undefined) ordered.push(pod);
  }
  return ordered;
}

/** One pool at a time. */
function* templatesIn(
  { nodePools }: ProblemInput,
  context: TemplateContext,
  shelf: PoolShelf,
): Steps<readonly Template[]> {
  const templates: Template[] = [];
  for (const pool of poolsInOrder(nodePools)) {
    yield;
    templates.push(shelf.templateOf(pool, context));
  }
  shelf.keepOnly(templates);
  return templates;
}

/** Of the pools that can buy something. */
function* poolTables(
  templates: readonly Template[],
  optionsOf: (template: Template) => OptionIndex,
  tables: PoolReading,
): Steps<readonly PoolTable[]> {
  const usable = templates.filter(({ groups }) => groups.length > 0);
  const pools: PoolTable[] = [];
  for (const [index, template] of usable.entries()) {
    yield;
    pools.push(poolTable(index, template, optionsOf(template), tables));
  }
  return pools;
}

/** Running pods that keep others away. */
function repellingOn({ roll, numbers }: NodeList): readonly Pod[] {
  return roll.repelling.flatMap((place) => ((numbers[place] ?? -1) < 0 ? [] : (roll.facts[place]?.repelling ?? [])));
}

/** `repelling`: running pods that keep others away. */
function* labelKeysOf(input: ProblemInput, repelling: readonly Pod[]): Steps<LabelKeys> {
  const keys = new LabelKeys();
  keys.addSpreadDefaults(input);
  const seen = new Set<string>();
  for (let index = 0; index < input.pods.length; index++) {
    if (index % STRIDE === STRIDE - 1) yield;
    const pod = input.pods[index];
    if (pod === undefined) continue;
    const { size } = seen;
    if (seen.add(constraintText(pod.spec)).size > size) keys.addRulesOf(pod);
  }
  for (const [index, pod] of repelling.entries()) {
    if (index % STRIDE === STRIDE - 1) yield;
    for (const term of requiredTermsOf(pod, "podAntiAffinity")) keys.addTerm(term);
  }
  keys.finish();
  return keys;
}

/** All rules have to be known before shapes can say which of them count their pods. */
function* registerCarriers(
  repelling: readonly Pod[],
  rules: GroupBook,
  { labelKeys, inThisSolve }: { readonly labelKeys: LabelKeys; readonly inThisSolve: ReadonlySet<string> },
): Steps<void> {
  for (const [index, pod] of repelling.entries()) {
    if (index % STRIDE === STRIDE - 1) yield;
    if (!inThisSolve.has(identityOf(pod))) rules.carriedBy(pod, labelKeys.textOf(pod));
  }
}

/** Every requirement that may become a node's, so that the list of domains is complete. */
function internRequirements({ drafts }: SortedPods, book: RequirementBook): void {
  for (const { attempts, volumes } of drafts) {
    for (const { requirements, strict } of attempts) {
      book.idOf(requirements);
      book.idOf(strict);
    }
    for (const alternative of volumes.alternatives) book.idOf(alternative);
  }
}

/** Label keys that a pod, a volume, a DaemonSet or a rule asks nodes for. */
function askedKeys(book: RequirementBook, daemons: readonly DaemonPod[], { groups }: GroupBook): ReadonlySet<string> {
  const keys = new Set<string>();
  for (let id = 0; id < book.size; id++) for (const key of book.get(id).keys()) keys.add(key);
  for (const { terms } of daemons) for (const term of terms) for (const key of term.keys()) keys.add(key);
  for (const { rule, isByHost } of groups) {
    // Host names are looked up by node, or every node would have labels of its own.
    if (!isByHost) keys.add(rule.key);
    for (const term of rule.filter.terms ?? []) for (const key of term.keys()) keys.add(key);
  }
  return keys;
}

interface Vectors {
  readonly resources: readonly string[];
  readonly vectors: readonly RequestVector[];
  /** By pod. */
  readonly vectorOf: readonly number[];
}

function vectorsOf(requests: readonly Resources[]): Vectors {
  const distinct = new Map<string, Resources>();
  const numbers = new Map<string, number>();
  const byObject = new Map<Resources, number>();
  const vectorOf = requests.map((each) => {
    const known = byObject.get(each);
    if (known !== undefined) return known;
    const text = Object.keys(each)
      .sort()
      .map((resource) => `${resource}=${each[resource] ?? 0}`)
      .join();
    const number = numbers.get(text) ?? numbers.size;
    numbers.set(text, number);
    byObject.set(each, number);
    if (!distinct.has(text)) distinct.set(text, each);
    return number;
  });
  const resources = [...new Set([...distinct.values()].flatMap((each) => Object.keys(each)))].sort();
  const vectors = [...distinct.values()].map((each, index): RequestVector => {
    const amounts = Float64Array.from(resources, (resource) => each[resource] ?? 0);
    const wanted = Int32Array.from(resources.keys()).filter((resource) => amounts[resource] !== 0);
    return { index, amounts, wanted };
  });
  return { resources, vectors, vectorOf };
}

function* shapesOf({ drafts }: SortedPods, book: RequirementBook, topology: TopologyTable): Steps<readonly Shape[]> {
  const shapes: Shape[] = [];
  let stances = 0;
  for (const [index, draft] of drafts.entries()) {
    if (index % STRIDE === STRIDE - 1) yield;
    const shape = shapeOf(draft, index, stances, { book, topology });
    stances += shape.stances.length;
    shapes.push(shape);
  }
  return shapes;
}

function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
