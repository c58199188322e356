/**
 * Where service descriptions are looked for when nobody names a directory: Capstan's own directories, and after each the one
 * that the format's own manager reads, so that its services are found unchanged. The first directory that has a file of
 * the wanted name wins. Directories that do not exist are passed over.
 */

/** Whose manager this is: the system's (root, or the first process of a container) or a user's. */
export type ManagerMode = 'system' | 'user';

/** The directories of a mode, in the order in which they are searched. `environment` needs HOME or XDG_CONFIG_HOME for a user's. */
export function defaultServiceDirectories(
  mode: ManagerMode,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const bases = ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'];
  const both = (base: string, below = ''): string[] => [
    `${base}/capstan.d${below}`,
    `${base}/dinit.d${below}`,
  ];
  if (mode === 'system') return bases.flatMap((base) => both(base));
  const { HOME: home, XDG_CONFIG_HOME: config } = environment;
  const own = [config, home === undefined ? undefined : `${home}/.config`];
  const personal = [...new Set(own.filter((base): base is string => base?.startsWith('/') ?? false))];
  const shared = ['/etc', '/usr/local/lib', '/usr/lib'];
  return [...personal.flatMap((base) => both(base)), ...shared.flatMap((base) => both(base, '/user'))];
}

/** The control socket where neither `--socket` nor `$CAPSTAN_SOCKET` names one. */
export function defaultSocketPath(
  mode: ManagerMode,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const named = environment['CAPSTAN_SOCKET'];
  if (named !== undefined && named !== '') return named;
  const runtime = environment['XDG_RUNTIME_DIR'];
  return mode === 'user' && runtime !== undefined && runtime !== ''
    ? `${runtime}/capstan/control`
    : '/run/capstan/control';
}
