/** The end of a handle: told once, to whoever asked before or asks later. */
import type { GoneReason } from '../../broker/contract/transport.js';

export class Gone {
  #reason: GoneReason | undefined;
  #promise: Promise<GoneReason> | undefined;
  #resolve: ((reason: GoneReason) => void) | undefined;

  get reason(): GoneReason | undefined {
    return this.#reason;
  }

  /** Made when somebody asks for it: most handles are used and closed without that. */
  get promise(): Promise<GoneReason> {
    this.#promise ??=
      this.#reason === undefined
        ? new Promise((resolve) => {
            this.#resolve = resolve;
          })
        : Promise.resolve(this.#reason);
    return this.#promise;
  }

  /** The first reason counts. */
  resolve(reason: GoneReason): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#resolve?.(reason);
    this.#resolve = undefined;
  }
}
