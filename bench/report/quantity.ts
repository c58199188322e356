/**
 * Numbers as people read them in a report: three significant digits, a space between thousands, a unit that fits. `–` is what was not
 * measured or has too few samples behind it.
 */
import type { Interval } from '../statistics/bootstrap.js';

const significantDigits = 3;

/** 0.123, 1.23, 12.3, 123, 12 345. */
export function plain(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const digits = Math.max(0, Math.min(4, significantDigits - 1 - magnitude));
  return withThousands(value.toFixed(digits));
}

/** The shortest form of a round value, for ticks: 0.01, 5, 20. */
export function tick(value: number): string {
  return withThousands(String(Number(value.toPrecision(3))));
}

/** A round time with its unit, for ticks. */
export function tickTime(us: number): string {
  const [scaled, unit] =
    us >= 1_000_000
      ? [us / 1_000_000, 's']
      : us >= 1000
        ? [us / 1000, 'ms']
        : us >= 1
          ? [us, 'µs']
          : [us * 1000, 'ns'];
  return `${tick(scaled)}\u00a0${unit}`;
}

/** A round rate, for ticks. */
export function tickRate(perSecond: number): string {
  if (perSecond >= 1_000_000) return `${tick(perSecond / 1_000_000)}\u00a0M`;
  return perSecond >= 1000 ? `${tick(perSecond / 1000)}\u00a0k` : tick(perSecond);
}

/** A whole number. */
export function count(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  return withThousands(String(Math.round(value)));
}

/** A no-break space between thousands, from five digits on. */
function withThousands(text: string): string {
  const [whole = '', fraction] = text.split('.');
  const spaced = whole.length < 5 ? whole : whole.replace(/\B(?=(\d{3})+$)/g, '\u202f');
  return fraction === undefined ? spaced : `${spaced}.${fraction}`;
}

/** A time with its unit, from microseconds. */
export function time(us: number | null | undefined): string {
  if (us === null || us === undefined || !Number.isFinite(us)) return '–';
  if (us >= 1_000_000) return `${plain(us / 1_000_000)}\u00a0s`;
  if (us >= 1000) return `${plain(us / 1000)}\u00a0ms`;
  if (us > 0 && us < 0.1) return `${plain(us * 1000)}\u00a0ns`;
  return `${plain(us)}\u00a0µs`;
}

/** A ratio with two decimals, or as few as it needs when it is large. */
export function ratio(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return '–';
  return value >= 100 ? count(value) : value >= 0.1 ? value.toFixed(2) : plain(value);
}

/** An interval as `1.20–1.31`; `–` where there is none. */
export function interval(low: number | null | undefined, high: number | null | undefined): string {
  if (low === null || low === undefined || high === null || high === undefined) return '–';
  return `${ratio(low)}–${ratio(high)}`;
}

/** A rate, with k and M from thousands on. */
export function rate(perSecond: number | null | undefined): string {
  if (perSecond === null || perSecond === undefined || !Number.isFinite(perSecond)) return '–';
  if (perSecond >= 1_000_000) return `${plain(perSecond / 1_000_000)}\u00a0M`;
  if (perSecond >= 10_000) return `${plain(perSecond / 1000)}\u00a0k`;
  return count(perSecond);
}

export function bytes(value: number): string {
  if (value >= 1024 * 1024 && value % (1024 * 1024) === 0) return `${value / 1024 / 1024}\u00a0MiB`;
  if (value >= 1024 && value % 1024 === 0) return `${value / 1024}\u00a0KiB`;
  return `${withThousands(String(value))}\u00a0B`;
}

/** A size of memory with its unit. */
export function memory(size: number | null | undefined): string {
  if (size === null || size === undefined || !Number.isFinite(size)) return '–';
  if (Math.abs(size) >= 1024 * 1024) return `${plain(size / 1024 / 1024)}\u00a0MiB`;
  return Math.abs(size) >= 1024 ? `${plain(size / 1024)}\u00a0KiB` : `${plain(size)}\u00a0B`;
}

export function percent(share: number): string {
  const value = share * 100;
  return `${value > 0 && value < 0.1 ? '<\u202f0.1' : plain(value)}\u00a0%`;
}

/** Parts as `a`, `a and b`, `a, b and c`. */
export function listed(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join('');
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}

/** `one-core` as `one core`. */
export function placementName(placement: string): string {
  return placement.replaceAll('-', ' ');
}

/** `on one core`. */
export function at(placement: string): string {
  if (placement === 'two-cores') return 'on two cores';
  if (placement === 'one-core') return 'on one core';
  return placement === 'not-pinned' ? 'not pinned' : `at ${placement}`;
}

/** `1.37 times (95 %: 1.30–1.45)`, or `1.37 times (no interval)`. */
export function times(value: Interval): string {
  const range = value.low === null ? 'no interval' : `95\u00a0%: ${interval(value.low, value.high)}`;
  return `${ratio(value.estimate)} times (${range})`;
}
