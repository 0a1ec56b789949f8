// What the commands of a machine amount to, read from their text without running them.

import type { CloudInitResult } from "./read-user-data.ts";
import type { MachineSurroundings } from "./surroundings.ts";

export class ScriptFacts {
  /** All lines that run, scripts that are called included; comments are left out. */
  readonly lines: readonly string[];
  readonly #files: CloudInitResult["files"];
  readonly #machine: MachineSurroundings["machine"];

  constructor(result: CloudInitResult, { machine }: MachineSurroundings) {
    this.#files = result.files;
    this.#machine = machine;
    this.lines = result.commands
      .flatMap((command) => linesOf(calledScript(command, result.files) ?? command))
      .filter((line) => line !== "" && !line.startsWith("#"));
  }

  /** The first capture of the first line that matches. */
  find(pattern: RegExp): string | undefined {
    for (const line of this.lines) {
      const match = pattern.exec(line);
      if (match !== null) return match[1] ?? match[0];
    }
    return undefined;
  }

  has(pattern: RegExp): boolean {
    return this.find(pattern) !== undefined;
  }

  /** A file as it is when the machine joins: with what the script has filled in. */
  file(path: string): string | undefined {
    const written = this.#files.get(path)?.content;
    if (written === undefined) return undefined;
    return this.lines.reduce((text, line) => {
      const [, slot = "", variable = "", paths = ""] = /^sed -i "s\|([^|]+)\|\$(\w+)\|g" (.*)$/.exec(line) ?? [];
      const value = paths.includes(`'${path}'`) ? this.#found(variable) : undefined;
      return value === undefined ? text : text.replaceAll(slot, value);
    }, written);
  }

  filesIn(folder: string): readonly (readonly [name: string, content: string])[] {
    return [...this.#files]
      .filter(([path]) => path.startsWith(`${folder}/`))
      .map(([path, { content }]) => [path.slice(folder.length + 1), content] as const);
  }

  #found(variable: string): string | undefined {
    if (variable === "machine_id") return this.#machine.id;
    if (variable !== "node_ip") return undefined;
    const addresses = Object.entries(this.#machine.addresses ?? {});
    return addresses.find(([nic]) => this.lines.some((line) => line.startsWith("device=") && line.includes(nic)))?.[1];
  }
}

function linesOf(script: string): readonly string[] {
  return script.split("\n").map((line) => line.trim());
}

function calledScript(command: string, files: CloudInitResult["files"]): string | undefined {
  const path = /^(?:(?:\/bin\/)?(?:ba)?sh )?(\/\S+)$/.exec(command.trim())?.[1];
  return path === undefined ? undefined : files.get(path)?.content;
}
