/**
 * Loading: a service and everything it depends on, all of it or nothing (services L1–L7).
 *
 * The search goes depth first with a stack of its own, so that no chain is too deep; each service is read once and each
 * edge looked at once, so loading is linear. A dependency that is still open on the stack closes a cycle, which is
 * the part of the stack from there on. Nothing is added to the graph before all of it has been found right.
 */
import { cycleNamesShownMax, cyclesReportedMax, servicesMax } from '../contract/limits.js';
import type { LoadResult, ServiceEngine, ServiceGraph, ServiceLoader } from './api.js';
import type { DependencyDeclaration, Place, ServiceDescription } from './description.js';
import { type Finding, inOrder } from './finding.js';
import { interpret } from './interpreter.js';
import { serviceNameFault, splitServiceName } from './names.js';
import { Parser, type Report } from './parser.js';
import type { LoaderParts } from './source.js';

/** A service on the stack: read, and its dependencies being looked at. */
interface Frame {
  readonly description: ServiceDescription;
  readonly kept: DependencyDeclaration[];
  next: number;
}

/** One search; its results are only used as a whole. */
class Search {
  readonly findings: Finding[] = [];
  /** Complete descriptions, each after those that it depends on. */
  readonly descriptions: ServiceDescription[] = [];
  readonly #parts: LoaderParts;
  readonly #loaded: ServiceGraph | undefined;
  /** What is known of a name: on the stack, complete, or not to be had. */
  readonly #seen = new Map<string, 'open' | 'complete' | 'missing' | 'broken'>();
  readonly #stack: Frame[] = [];
  #hasOverflowed = false;
  #cycles = 0;

  constructor(parts: LoaderParts, loaded: ServiceGraph | undefined) {
    this.#parts = parts;
    this.#loaded = loaded;
  }

  get hasErrors(): boolean {
    return this.findings.some((finding) => finding.severity === 'error');
  }

  /** Looks the name up and everything behind it. */
  visit(name: string): void {
    const fault = serviceNameFault(name);
    if (fault !== undefined) {
      this.#find('error', 'not-found', name, undefined, fault);
      return;
    }
    if (this.#loaded?.find(name) !== undefined || this.#seen.has(name)) return;
    const found = this.#open(name);
    if (found === 'missing') {
      this.#find('error', 'not-found', name, undefined, `there is no service '${name}'`);
    } else if (found !== 'open') {
      this.#find('error', 'file', name, undefined, found);
    }
    while (this.#stack.length > 0) this.#step();
  }

  #step(): void {
    const frame = this.#stack[this.#stack.length - 1];
    if (frame === undefined) return;
    const declaration = frame.description.dependencies[frame.next++];
    if (declaration === undefined) {
      this.#stack.pop();
      const { description, kept } = frame;
      this.#seen.set(description.name, 'complete');
      const isWhole = kept.length === description.dependencies.length;
      this.descriptions.push(isWhole ? description : { ...description, dependencies: kept });
      return;
    }
    if (this.#follow(frame.description.name, declaration)) frame.kept.push(declaration);
  }

  /** Looks at one edge; false if it is to be left out. */
  #follow(from: string, declaration: DependencyDeclaration): boolean {
    const { name, place, isFromDirectory } = declaration;
    if (this.#loaded?.find(name) !== undefined) return true;
    let status: string = this.#seen.get(name) ?? 'new';
    if (status === 'open') {
      this.#findCycle(from, declaration);
      return true;
    }
    if (status === 'new') status = this.#open(name);
    if (status === 'missing') {
      const severity = isFromDirectory ? 'warning' : 'error';
      this.#find(severity, 'not-found', from, place, `there is no service '${name}'`);
      return false;
    }
    if (status !== 'open' && status !== 'complete' && status !== 'broken') {
      this.#find('error', 'file', from, place, status);
    }
    return true;
  }

  /** The part of the stack from `name` on. After some cycles the rest are not searched for, to stay linear. */
  #findCycle(from: string, { name, place }: DependencyDeclaration): void {
    if (this.#cycles++ >= cyclesReportedMax) return;
    const path = this.#stack.map((frame) => frame.description.name);
    const cycle = [...path.slice(path.indexOf(name)), name];
    const over = cycle.length - cycleNamesShownMax;
    if (over > 0) cycle.splice(cycleNamesShownMax / 2, over, `(${over} more)`);
    this.#find('error', 'cycle', from, place, `dependencies form a cycle: ${cycle.join(' → ')}`);
  }

  /** Reads a service that was not seen yet and puts it on the stack. Otherwise `missing`, or why it cannot be read. */
  #open(name: string): string {
    const { base, argument } = splitServiceName(name);
    const file = this.#parts.source.find(base);
    if (file.kind === 'missing') {
      this.#seen.set(name, 'missing');
      return 'missing';
    }
    if (file.kind === 'error') {
      this.#seen.set(name, 'broken');
      return `the description of '${name}' cannot be read: ${file.message}`;
    }
    if (this.#seen.size + (this.#loaded?.size ?? 0) >= servicesMax) return this.#overflow(name);
    const report: Report = (kind, place, message, severity = 'error') => {
      this.#find(severity, kind, name, place, message);
    };
    const variables = { environment: this.#parts.environment(), argument };
    const parser = new Parser(this.#parts.source, variables, report);
    parser.parseFile(file.path, file.realPath, file.text);
    const { statements } = parser;
    const { path, directory } = file;
    const description = interpret({ name, argument, path, directory, statements }, this.#parts, report);
    this.#seen.set(name, 'open');
    this.#stack.push({ description, kept: [], next: 0 });
    return 'open';
  }

  #overflow(name: string): string {
    if (!this.#hasOverflowed) {
      this.#hasOverflowed = true;
      this.#find('error', 'limit', name, undefined, `more than ${servicesMax} services`);
    }
    this.#seen.set(name, 'broken');
    return 'broken';
  }

  #find(
    severity: 'error' | 'warning',
    kind: Finding['kind'],
    service: string,
    place: Place | undefined,
    message: string,
  ): void {
    this.findings.push({ severity, kind, service, place, message });
  }
}

class Loader implements ServiceLoader {
  readonly #engine: ServiceEngine;
  readonly #parts: LoaderParts;

  constructor(engine: ServiceEngine, parts: LoaderParts) {
    this.#engine = engine;
    this.#parts = parts;
  }

  load(name: string): LoadResult {
    const known = this.#engine.graph.find(name);
    if (known !== undefined) return { ok: true, record: known, warnings: [] };
    const search = new Search(this.#parts, this.#engine.graph);
    search.visit(name);
    if (search.hasErrors) return { ok: false, findings: inOrder(search.findings) };
    this.#engine.add(search.descriptions);
    const record = this.#engine.graph.find(name);
    if (record === undefined) throw new Error(`bug: ${name} was loaded and is not there`);
    return { ok: true, record, warnings: inOrder(search.findings) };
  }

  check(names: readonly string[]): readonly Finding[] {
    const search = new Search(this.#parts, undefined);
    for (const name of names) search.visit(name);
    return inOrder(search.findings);
  }
}

/** Loads into the engine's graph. */
export function createLoader(engine: ServiceEngine, parts: LoaderParts): ServiceLoader {
  return new Loader(engine, parts);
}
