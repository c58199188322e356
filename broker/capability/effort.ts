/**
 * How much the core has done, in steps: one for each thing that an operation looks at or makes, so that whoever shares the time of
 * the broker among its users can count instead of measuring (bus Q6).
 *
 * A step is a destination or a transfer, looked at or granted; an entry of a list; a handle of a node that is destroyed or whose
 * holders are asked for; a place in the tables of a peer that ends; somebody who waits for room. Each takes about the same time,
 * some tenths of a microsecond.
 */
export class Effort {
  steps = 0;
}
