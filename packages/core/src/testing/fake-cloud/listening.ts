// Opens a fake cloud on loopback, over https with an authority of its own or over plain http, and closes it again.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeCertificates } from "./certificate.ts";
import { readIncoming, send } from "./connection.ts";
import type { Incoming, Outcome } from "./outcome.ts";

export interface ListenOptions {
  /** Names the folder of the authority's file. */
  readonly name: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly scheme: "http" | "https";
  readonly handle: (incoming: Incoming) => Promise<Outcome>;
  /** On every answer, unless the answer says otherwise. */
  readonly headers: () => Readonly<Record<string, string>>;
}

export interface Listening {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly port: number;
  /** Undefined on plain http. */
  readonly caPem: string | undefined;
  readonly caFile: string | undefined;
  close(): Promise<void>;
}

export async function startListening(options: ListenOptions): Promise<Listening> {
  const stopped = new AbortController();
  const listener = listenerFor(options, stopped.signal);
  const certificates = options.scheme === "https" ? makeCertificates() : undefined;
  const server =
    certificates === undefined
      ? createHttpServer(listener)
      : createHttpsServer({ key: certificates.keyPem, cert: certificates.certPem }, listener);
  // By default a server leaves after five idle seconds, and a request that is on its way then is lost: that is a fault to be asked for.
  server.keepAliveTimeout = 0;
  const port = await listen(server, options.port);
  const ca = certificates === undefined ? undefined : await writeCa(options.name, certificates.caPem);
  return {
    origin: `${options.scheme}://127.0.0.1:${port}`,
    port,
    caPem: certificates?.caPem,
    caFile: ca?.file,
    close: async () => {
      stopped.abort();
      await closeServer(server);
      if (ca !== undefined) await rm(ca.folder, { recursive: true, force: true });
    },
  };
}

function listenerFor({ handle, headers, scheme }: ListenOptions, signal: AbortSignal): RequestListener {
  return (request, response) => {
    const always = headers();
    const serve = async (): Promise<void> => {
      const incoming = await readIncoming(request, scheme);
      await send(response, await handle(incoming), always, signal);
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

async function writeCa(name: string, caPem: string): Promise<{ readonly folder: string; readonly file: string }> {
  const folder = await mkdtemp(join(tmpdir(), `fake-${name}-`));
  const file = join(folder, "ca.pem");
  await writeFile(file, caPem);
  return { folder, file };
}
