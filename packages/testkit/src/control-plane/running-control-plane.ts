// The control plane while it runs: which process is which, and what may be done to it.

import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@karpenter-multicloud/core/runtime";
import { seconds } from "@karpenter-multicloud/core/units";
import { writeKubeconfig } from "./access-files.ts";
import { apiRequest, type ApiEndpoint } from "./api-request.ts";
import type { BinaryPaths } from "./binaries.ts";
import { compactEtcd } from "./compact-etcd.ts";
import { componentArguments, type ArgumentOptions } from "./component-arguments.ts";
import type { Component, ControlPlane } from "./control-plane.ts";
import { waitUntilServed } from "./custom-resource-definitions.ts";
import { isPortTaken } from "./free-ports.ts";
import { logFile, type Layout } from "./layout.ts";
import type { GuardedProcess, ProcessGuard } from "./process-guard.ts";
import { answersOk, waitUntilReady } from "./readiness.ts";

export interface RunningParts {
  readonly layout: Layout;
  readonly guard: ProcessGuard;
  readonly binaries: BinaryPaths;
  readonly tokens: ReadonlyMap<string, string>;
  readonly clock: Clock;
  readonly argumentOptions: ArgumentOptions;
  /** CustomResourceDefinitions. */
  readonly crds: readonly object[];
}

const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;
const TOKEN_SECONDS = 86_400;
/** To start a component again on its old port. */
const ATTEMPTS = 30;
const PAUSE = seconds(1);

export class RunningControlPlane implements ControlPlane {
  readonly url: string;
  readonly caFile: string;
  readonly kubeconfigPath: string;
  readonly adminToken: string;
  readonly auditLogPath: string;
  readonly folder: string;
  readonly #parts: RunningParts;
  readonly #processes = new Map<Component, GuardedProcess>();

  constructor(parts: RunningParts) {
    const { layout, tokens } = parts;
    this.#parts = parts;
    this.url = layout.url;
    this.caFile = layout.caFile;
    this.kubeconfigPath = layout.adminKubeconfig;
    this.adminToken = tokens.get("admin") ?? "";
    this.auditLogPath = layout.auditLog;
    this.folder = layout.folder;
  }

  logPath(component: Component): string {
    return logFile(this.#parts.layout, component);
  }

  async kubeconfig(user: string): Promise<string> {
    if (user === "admin") return this.kubeconfigPath;
    const token = this.#parts.tokens.get(user) ?? (await this.#serviceAccountToken(user));
    const path = join(this.folder, `${user.replaceAll(/[^a-zA-Z0-9.-]/g, "_")}.kubeconfig`);
    await writeKubeconfig(path, this.#parts.layout, user, token);
    return path;
  }

  /** @throws Error when it ends or is not ready in time */
  async start(component: Component): Promise<void> {
    const { layout, guard, binaries, clock, argumentOptions } = this.#parts;
    const args = componentArguments(component, layout, argumentOptions);
    const log = this.logPath(component);
    const child = await guard.start(binaries.get(component) ?? component, args, log);
    this.#processes.set(component, child);
    await waitUntilReady({ name: component, ended: () => child.ended, log }, clock, () => this.#isReady(component));
  }

  async kill(component: Component): Promise<void> {
    await this.#processes.get(component)?.kill();
  }

  async restart(component: Component): Promise<void> {
    if (!this.#processes.has(component)) throw new Error(`${component} is no part of this control plane`);
    await this.kill(component);
    await this.#startAgain(component);
  }

  async forgetHistory(): Promise<void> {
    await this.kill("kube-apiserver");
    await compactEtcd(`http://127.0.0.1:${this.#parts.layout.ports.etcdClient}`);
    await this.#startAgain("kube-apiserver");
  }

  async stop(): Promise<void> {
    await this.#parts.guard.close();
    // The guard has done it, unless somebody killed it.
    await rm(this.folder, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async endpoint(): Promise<ApiEndpoint> {
    return { url: this.url, ca: await readFile(this.caFile), token: this.adminToken };
  }

  /** Its port was free meanwhile: whoever came by it leaves again. */
  async #startAgain(component: Component): Promise<void> {
    const { crds, clock } = this.#parts;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.start(component);
        break;
      } catch (error) {
        if (!isPortTaken(error) || attempt === ATTEMPTS) throw error;
      }
      await clock.sleep(PAUSE);
    }
    if (component === "kube-apiserver") await waitUntilServed(await this.endpoint(), crds, clock);
  }

  async #isReady(component: Component): Promise<boolean> {
    const { layout } = this.#parts;
    switch (component) {
      case "etcd":
        return answersOk(`http://127.0.0.1:${layout.ports.etcdClient}/health`);
      case "kube-apiserver":
        return this.#apiServerIsReady();
      case "kube-scheduler":
        return this.#servesHealth(component, layout.ports.scheduler);
      case "kube-controller-manager":
        return this.#controllerManagerIsReady(component);
      case "kwok":
        return answersOk(`http://127.0.0.1:${layout.ports.kwok}/healthz`);
    }
  }

  /** Ready, and the namespace is there that tests use without making it. */
  async #apiServerIsReady(): Promise<boolean> {
    const endpoint = await this.endpoint();
    if ((await apiRequest(endpoint, "GET", "/readyz")).status !== 200) return false;
    return (await apiRequest(endpoint, "GET", "/api/v1/namespaces/default")).status === 200;
  }

  /** Healthy, and the account is there without which no pod is admitted. */
  async #controllerManagerIsReady(component: Component): Promise<boolean> {
    if (!(await this.#servesHealth(component, this.#parts.layout.ports.controllerManager))) return false;
    const path = "/api/v1/namespaces/default/serviceaccounts/default";
    return (await apiRequest(await this.endpoint(), "GET", path)).status === 200;
  }

  async #servesHealth(component: Component, port: number): Promise<boolean> {
    const ca = await readFile(join(this.folder, component, `${component}.crt`));
    return answersOk(`https://127.0.0.1:${port}/healthz`, ca);
  }

  async #serviceAccountToken(user: string): Promise<string> {
    const [, namespace, name] = SERVICE_ACCOUNT.exec(user) ?? [];
    if (namespace === undefined || name === undefined) {
      throw new Error(`user ${user} is neither one of the control plane's users nor a service account`);
    }
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { expirationSeconds: TOKEN_SECONDS },
    };
    const answer = await apiRequest(await this.endpoint(), "POST", path, body);
    if (answer.status !== 201) throw new Error(`no token for ${user}: ${answer.text}`);
    return (JSON.parse(answer.text) as { readonly status: { readonly token: string } }).status.token;
  }
}
