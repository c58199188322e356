/** The public interfaces. Nothing here imports anything else of the project. */
export * from './deadlines.js';
export * from './errors.js';
export * from './introspection.js';
export * from './labels.js';
export * as limits from './limits.js';
export * from './message.js';
export type * from './platform.js';
export type * from './readiness.js';
export type * from './transport.js';
