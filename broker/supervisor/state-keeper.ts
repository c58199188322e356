/**
 * Keeps the state memory as the engine has it. What changes in one turn of the event loop becomes durable as one batch, before
 * init is asked for anything that follows from it (`commit`, then the requests).
 *
 * Where the memory cannot grow, the services are kept running and a take-over would see an older state: said once, and tried
 * again with every change.
 */
import type { ServiceEngine } from '../service/index.js';
import type { InitClient } from './init-client.js';
import type { Platform } from './platform.js';
import {
  forgetService,
  type SavedManager,
  saveDescription,
  saveManager,
  saveService,
} from './saved-state.js';
import type { ServiceHost } from './service-host.js';
import { createStateMemory, type GrowableMemory, type StateMemory } from './state-memory.js';

/** The name under which init keeps the memory. */
export const stateName = 'state';

export class StateKeeper {
  readonly #engine: ServiceEngine;
  readonly #memory: StateMemory;
  readonly #descriptor: number;
  readonly #platform: Platform;
  readonly #report: (text: string) => void;
  readonly #dirty = new Set<ServiceHost>();
  #hasFailed = false;

  /** Takes the descriptor of `mapping`. */
  constructor(
    engine: ServiceEngine,
    platform: Platform,
    mapping: GrowableMemory,
    memory: StateMemory,
    report: (text: string) => void,
  ) {
    this.#engine = engine;
    this.#platform = platform;
    this.#memory = memory;
    this.#descriptor = mapping.descriptor;
    this.#report = report;
  }

  /** A new memory, given to init in place of any older one. Commit what belongs into it first. */
  static create(engine: ServiceEngine, platform: Platform, report: (text: string) => void): StateKeeper {
    const mapping = platform.createMemory();
    return new StateKeeper(engine, platform, mapping, createStateMemory(mapping), report);
  }

  /** Gives init a copy of the memory's descriptor. */
  store(client: InitClient): void {
    client.store(stateName, this.#platform.duplicate(this.#descriptor));
  }

  saveManager(manager: SavedManager): void {
    this.#try(() => saveManager(this.#memory, manager));
  }

  /** A service that was loaded. */
  add(host: ServiceHost): void {
    this.#try(() => saveDescription(this.#memory, host.record.description));
    this.#dirty.add(host);
  }

  /** Something of this service has changed. */
  touch(host: ServiceHost): void {
    this.#dirty.add(host);
  }

  remove(host: ServiceHost): void {
    this.#dirty.delete(host);
    forgetService(this.#memory, host.record.name);
  }

  /** Makes everything durable that has changed since the last time. */
  commit(): void {
    for (const host of this.#dirty) {
      this.#try(() => {
        saveService(this.#memory, host.record.description, this.#engine.save(host.record), host.save());
      });
    }
    this.#dirty.clear();
    this.#memory.commit();
  }

  close(): void {
    this.#platform.close(this.#descriptor);
  }

  #try(save: () => void): void {
    try {
      save();
    } catch (error) {
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      const reason = error instanceof Error ? error.message : String(error);
      this.#report(`the state memory cannot grow, so a restarted broker would see an older state: ${reason}`);
    }
  }
}
