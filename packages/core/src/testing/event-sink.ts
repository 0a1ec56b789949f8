// An event recorder that tests can read.

import type { EventNote, EventRecorder } from "../kube/index.ts";
import type { KubeObject } from "../api/index.ts";

export class EventSink implements EventRecorder {
  /** Everything published, repeated notes included. */
  readonly notes: EventNote[] = [];

  publish<T extends KubeObject>(note: EventNote<T>): void {
    this.notes.push(note);
  }

  /** "Warning FailedScheduling Pod/web-1: …", in order. */
  texts(): readonly string[] {
    return this.notes.map(
      ({ type, reason, resource, object, message }) =>
        `${type} ${reason} ${resource.kind}/${object.metadata.name ?? ""}: ${message}`,
    );
  }

  withReason(reason: string): readonly EventNote[] {
    return this.notes.filter((note) => note.reason === reason);
  }
}
