// The places the log is written to, as one stream (OP-11). A place that fails is told elsewhere and costs no other place a line.

import { closeSync, openSync, writeSync } from "node:fs";
import { Writable } from "node:stream";
import { SettingsError, type Settings } from "@karpenter-multicloud/core/options";
import { errorText } from "@karpenter-multicloud/core/telemetry";

export interface StandardStreams {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

export interface LogOutput {
  readonly stream: NodeJS.WritableStream;
  /** After the last line. */
  close(): void;
}

interface Place {
  readonly path: string;
  write(text: string): void;
  close(): void;
}

type Paths = Pick<Settings, "logOutputPaths" | "logErrorOutputPaths">;

/** @throws SettingsError naming each file that cannot be opened */
export function openLog({ logOutputPaths, logErrorOutputPaths }: Paths, streams: StandardStreams): LogOutput {
  const [only, ...more] = logOutputPaths;
  // The usual log in the usual place goes there without a detour.
  if (only === "stdout" && more.length === 0) return { stream: streams.stdout, close: () => {} };
  const opened: Place[] = [];
  try {
    const places = openAll("--log-output-paths", logOutputPaths, streams, opened);
    const complaints = openAll("--log-error-output-paths", logErrorOutputPaths, streams, opened);
    return { stream: fanOut(places, complaints), close: () => closeAll(opened) };
  } catch (error) {
    closeAll(opened);
    throw error;
  }
}

function openAll(
  setting: string,
  paths: readonly string[],
  streams: StandardStreams,
  opened: Place[],
): readonly Place[] {
  return paths.map((path) => {
    const place = openPlace(setting, path, streams);
    opened.push(place);
    return place;
  });
}

function openPlace(setting: string, path: string, streams: StandardStreams): Place {
  if (path === "stdout" || path === "stderr") {
    const stream = streams[path];
    return { path, write: (text) => void stream.write(text), close: () => {} };
  }
  const file = openFile(setting, path);
  // At once and in one piece: the lines before the end of a process are the ones that matter, and they are short.
  return { path, write: (text) => void writeSync(file, text), close: () => closeSync(file) };
}

function openFile(setting: string, path: string): number {
  try {
    return openSync(path, "a");
  } catch (error) {
    const fix = "name a file that this process may write to, in a folder that there is";
    throw new SettingsError([{ setting, value: path, problem: errorText(error), fix }]);
  }
}

function fanOut(places: readonly Place[], complaints: readonly Place[]): Writable {
  /** Told once each time it begins. */
  const failing = new Set<Place>();
  const complain = (text: string): void => {
    for (const place of complaints) attempt(() => place.write(text));
  };
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      const text = chunk.toString();
      for (const place of places) {
        const error = attempt(() => place.write(text));
        if (error === undefined) failing.delete(place);
        else if (failing.size !== failing.add(place).size) {
          complain(`karpenter: the log cannot be written to ${place.path}: ${errorText(error)}\n`);
        }
      }
      done();
    },
  });
}

function attempt(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

function closeAll(places: readonly Place[]): void {
  for (const place of places) attempt(() => place.close());
}
