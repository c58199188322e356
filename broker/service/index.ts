/** The service engine: descriptions, graph, states. Pure: no I/O and no time; events in, actions out. */
export * from './actions.js';
export type * from './api.js';
export type * from './description.js';
export { createServiceEngine } from './engine.js';
export { applyEnvironment, parseEnvironmentFile } from './environment.js';
export type { Finding, FindingKind } from './finding.js';
export { formatFinding } from './finding.js';
export { createLoader } from './loader.js';
export { serviceNameFault, splitServiceName } from './names.js';
export type { DependencyLink, ServiceRecord } from './record.js';
export { signalNumbers } from './signals.js';
export type * from './source.js';
export type * from './states.js';
