// The folder of one control plane: which file is where, and which port belongs to whom.

import { join } from "node:path";
import type { Component } from "./control-plane.ts";
import { freePorts } from "./free-ports.ts";

export interface Layout {
  readonly folder: string;
  readonly ports: {
    readonly etcdClient: number;
    readonly etcdPeer: number;
    readonly apiServer: number;
    readonly scheduler: number;
    readonly controllerManager: number;
    readonly kwok: number;
  };
  readonly url: string;
  /** Made by the server at its first start; it vouches for itself. */
  readonly caFile: string;
  readonly tokensFile: string;
  readonly serviceAccountKey: string;
  readonly serviceAccountPublicKey: string;
  readonly auditPolicy: string;
  readonly auditLog: string;
  readonly adminKubeconfig: string;
}

export async function createLayout(folder: string): Promise<Layout> {
  const [etcdClient = 0, etcdPeer = 0, apiServer = 0, scheduler = 0, controllerManager = 0, kwok = 0] =
    await freePorts(6);
  return {
    folder,
    ports: { etcdClient, etcdPeer, apiServer, scheduler, controllerManager, kwok },
    url: `https://127.0.0.1:${apiServer}`,
    caFile: join(folder, "kube-apiserver", "apiserver.crt"),
    tokensFile: join(folder, "tokens.csv"),
    serviceAccountKey: join(folder, "service-account.key"),
    serviceAccountPublicKey: join(folder, "service-account.pub"),
    auditPolicy: join(folder, "audit-policy.json"),
    auditLog: join(folder, "audit.log"),
    adminKubeconfig: join(folder, "admin.kubeconfig"),
  };
}

export function logFile(layout: Layout, component: Component): string {
  return join(layout.folder, `${component}.log`);
}
