/**
 * Whether the C code under test is the build with sanitizers (`asan.mjs`). It runs several times slower there, beside a soak in CI: what a
 * test says about times, or about anything that follows from them, is said on the plain build only.
 */
export const isSanitized = process.env['ASAN_OPTIONS'] !== undefined;
