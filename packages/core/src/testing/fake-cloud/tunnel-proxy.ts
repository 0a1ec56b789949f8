// An HTTP proxy that lets TLS through by tunnel, and remembers for whom: what a client behind a company's proxy meets.

import { createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";

export interface Tunnel {
  /** host:port */
  readonly target: string;
  /** The Proxy-Authorization header; empty without one. */
  readonly authorization: string;
}

export interface TunnelProxy {
  readonly port: number;
  readonly tunnels: readonly Tunnel[];
  close(): void;
}

export async function startTunnelProxy(): Promise<TunnelProxy> {
  const tunnels: Tunnel[] = [];
  const server = createServer();
  server.on("connect", (request, socket, head) => {
    const target = request.url ?? "";
    tunnels.push({ target, authorization: request.headers["proxy-authorization"] ?? "" });
    const [host = "", port = ""] = target.split(":");
    const upstream = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.write(head);
      upstream.pipe(socket);
      socket.pipe(upstream);
    });
    upstream.on("error", () => socket.destroy());
    socket.on("error", () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    tunnels,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
