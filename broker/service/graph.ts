/**
 * The graph: records by name, and the edges between them in intrusive lists, so that an edge is removed in constant time
 * however many dependents a service has.
 */
import type { ServiceGraph } from './api.js';
import type { ServiceDescription } from './description.js';
import { DependencyLink, ServiceRecord } from './record.js';
import type { DependencyKind } from './states.js';

export class Graph implements ServiceGraph {
  readonly #records = new Map<string, ServiceRecord>();
  readonly #freeSlots: number[] = [];
  #slots = 0;

  get size(): number {
    return this.#records.size;
  }

  find(name: string): ServiceRecord | undefined {
    return this.#records.get(name);
  }

  [Symbol.iterator](): Iterator<ServiceRecord> {
    return this.#records.values();
  }

  /** Makes a record without edges. A name that is taken is a bug of the caller. */
  addRecord(description: ServiceDescription): ServiceRecord {
    if (this.#records.has(description.name)) throw new Error(`service ${description.name} is loaded already`);
    const record = new ServiceRecord(description, this.#freeSlots.pop() ?? this.#slots++);
    this.#records.set(record.name, record);
    return record;
  }

  /** Appends an edge at both ends. */
  addLink(dependent: ServiceRecord, name: string, kind: DependencyKind): DependencyLink {
    const dependency = this.#records.get(name);
    if (dependency === undefined)
      throw new Error(`${dependent.name} depends on ${name}, which is not loaded`);
    const link = new DependencyLink(dependent, dependency, kind);
    if (dependent.lastDependency === undefined) dependent.firstDependency = link;
    else dependent.lastDependency.nextDependency = link;
    dependent.lastDependency = link;
    link.previousDependent = dependency.lastDependent;
    if (dependency.lastDependent === undefined) dependency.firstDependent = link;
    else dependency.lastDependent.nextDependent = link;
    dependency.lastDependent = link;
    return link;
  }

  /** Forgets a record and its edges to its dependencies; it has no dependents. */
  remove(record: ServiceRecord): void {
    for (let link = record.firstDependency; link !== undefined; link = link.nextDependency) {
      const { dependency, previousDependent: previous, nextDependent: next } = link;
      if (previous === undefined) dependency.firstDependent = next;
      else previous.nextDependent = next;
      if (next === undefined) dependency.lastDependent = previous;
      else next.previousDependent = previous;
    }
    this.#records.delete(record.name);
    this.#freeSlots.push(record.slot);
  }
}
