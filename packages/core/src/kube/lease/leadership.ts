// The port through which a process knows whether it leads.

export interface Leadership {
  /** Resolves when this process leads. Rejects with the signal's reason when aborted before, and when the lease can never be had. */
  won(signal: AbortSignal): Promise<void>;
  /** Resolves with the reason when the lease is lost; never while it is held or was given up. */
  readonly lost: Promise<string>;
  /** Asked before every write (RT-36). */
  readonly permitted: () => boolean;
  /** Gives the lease up, or stops wanting it. Called after the last write (RT-37). */
  release(): Promise<void>;
}

/** For a single replica: leads at once and always (RT-38). */
export const leaderless: Leadership = {
  won: (signal) => (signal.aborted ? Promise.reject(signal.reason as Error) : Promise.resolve()),
  lost: new Promise(() => {}),
  permitted: () => true,
  release: () => Promise.resolve(),
};
