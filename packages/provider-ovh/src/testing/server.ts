// Starts the fake OVHcloud API on loopback and hands out what a test or a command needs to drive it.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Backend } from "./backend.ts";
import { makeCertificates } from "./certificate.ts";
import { readIncoming, send } from "./connection.ts";
import type { FakeFault } from "./faults.ts";
import type { Violation } from "./invariants.ts";
import type { FakeOvhCredentials, FakeOvhOptions } from "./options.ts";
import { credentialsOf, seedFrom } from "./options.ts";
import { Pipeline } from "./pipeline.ts";
import type { LoggedRequest } from "./request-log.ts";
import { SeededRandom } from "./seeded-random.ts";
import type { Switches } from "./switches.ts";
import type { FakeOvhState } from "./world/dump.ts";
import { dump, leaks } from "./world/dump.ts";
import type { Cost } from "./world/ledger.ts";
import { Outside } from "./world/outside.ts";

export interface FakeOvh {
  /** The base URL, with /1.0: what a client takes as endpoint. */
  readonly url: string;
  /** Scheme, host and port. */
  readonly origin: string;
  readonly port: number;
  readonly tokenUrl: string;
  /** Undefined on plain http. */
  readonly caPem: string | undefined;
  readonly caFile: string | undefined;
  readonly credentials: FakeOvhCredentials;
  /** Changed in place, at any time. */
  readonly switches: Switches;
  readonly outside: Outside;
  state(): FakeOvhState;
  costSoFar(): Cost;
  /** Replaces the list of faults. */
  faults(list: readonly FakeFault[]): void;
  /** Everything back to the start; credentials stay. */
  reset(): void;
  /** Breaches so far, and machines that leak now. */
  invariants(): Promise<readonly Violation[]>;
  requestLog(): readonly LoggedRequest[];
  close(): Promise<void>;
}

export async function startFakeOvh(options: FakeOvhOptions): Promise<FakeOvh> {
  const seed = seedFrom(options);
  const backend = new Backend(seed);
  const stopped = new AbortController();
  const scheme = options.insecure === true ? "http" : "https";
  const listener = listenerFor(backend, scheme, stopped.signal);
  const certificates = scheme === "https" ? makeCertificates() : undefined;
  const server =
    certificates === undefined
      ? createHttpServer(listener)
      : createHttpsServer({ key: certificates.keyPem, cert: certificates.certPem }, listener);
  const port = await listen(server, options.port ?? 0);
  const ca = certificates === undefined ? undefined : await writeCa(certificates.caPem);
  const origin = `${scheme}://127.0.0.1:${port}`;
  return {
    url: `${origin}/1.0`,
    origin,
    port,
    tokenUrl: `${origin}/auth/oauth2/token`,
    caPem: certificates?.caPem,
    caFile: ca?.file,
    credentials: credentialsOf(seed),
    switches: backend.switches,
    outside: new Outside(() => backend.world),
    ...controlsOf(backend),
    close: async () => {
      stopped.abort();
      backend.stop();
      await closeServer(server);
      if (ca !== undefined) await rm(ca.folder, { recursive: true, force: true });
    },
  };
}

function controlsOf(
  backend: Backend,
): Pick<FakeOvh, "state" | "costSoFar" | "faults" | "reset" | "invariants" | "requestLog"> {
  return {
    state: () => dump(backend.world.ground),
    costSoFar: () => backend.world.ground.ledger.cost(backend.seed.clock.now()),
    faults: (list) => backend.setFaults(list),
    reset: () => backend.reset(),
    invariants: async () => [...backend.invariants.violations(), ...(await leaks(backend.world.ground))],
    requestLog: () => backend.log.entries(),
  };
}

function listenerFor(backend: Backend, scheme: "http" | "https", signal: AbortSignal): RequestListener {
  const pipeline = new Pipeline(backend);
  const random = new SeededRandom(backend.seed.seed + 1);
  return (request, response) => {
    const queryId = `FAKE.ext-1.${random.hex(8)}.${random.hex(32)}`;
    const serve = async (): Promise<void> => {
      const incoming = await readIncoming(request, scheme);
      await send(response, await pipeline.handle(incoming), queryId, signal);
    };
    // A client that left, or a fake that closes: nobody is there to be told.
    serve().catch(() => response.destroy());
  };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}

async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  server.closeAllConnections();
  await closed;
}

async function writeCa(caPem: string): Promise<{ readonly folder: string; readonly file: string }> {
  const folder = await mkdtemp(join(tmpdir(), "fake-ovh-"));
  const file = join(folder, "ca.pem");
  await writeFile(file, caPem);
  return { folder, file };
}
