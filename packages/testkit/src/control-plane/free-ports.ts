// Loopback ports that nobody listens on, and that the system gives nobody else who asks for any port.

import { randomInt } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";

/** Linux: from which to which port connections and listeners get one that they did not name. */
const EPHEMERAL = "/proc/sys/net/ipv4/ip_local_port_range";
/** Those below are of well-known services. */
const LOWEST = 15_000;
const ATTEMPTS = 100;

/** All different: each is held until the last one is found. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const end = await firstEphemeral();
  const servers = await Promise.all(Array.from({ length: count }, () => listenBelow(end)));
  const ports = servers.map(portOf);
  await Promise.all(servers.map(close));
  return ports;
}

/** Of a program that tells what the system told it. */
export function isPortTaken(error: unknown): boolean {
  return error instanceof Error && /address already in use|EADDRINUSE/.test(error.message);
}

/** 0 where the system does not tell. */
async function firstEphemeral(): Promise<number> {
  const text = await readFile(EPHEMERAL, "utf8").catch(() => "");
  return Number(/^\d+/.exec(text)?.[0] ?? 0);
}

/** On any free port at all when there is none below. */
async function listenBelow(end: number): Promise<Server> {
  const attempts = end > LOWEST ? ATTEMPTS : 0;
  for (let attempt = 0; attempt < attempts; attempt++) {
    try {
      return await listen(randomInt(LOWEST, end));
    } catch (error) {
      if (!isPortTaken(error)) throw error;
    }
  }
  return listen(0);
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen({ port, host: "127.0.0.1" }, () => {
      resolve(server);
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a listening server has no port");
  return address.port;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });
}
