import { spawnSync } from 'node:child_process';

// Fails if a package that Daybook runs on has a known vulnerability of at least moderate severity.
// Without a registry that answers, the audit is skipped, and says so.
const severities = ['moderate', 'high', 'critical'];
const { stdout, error } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { encoding: 'utf8' });
const report = parse(stdout);
if (error !== undefined || report?.vulnerabilities === undefined) {
  const reason = error?.message ?? report?.message ?? 'npm audit has no report';
  console.log(`npm audit: skipped, the registry did not answer: ${reason.split('\n')[0]}`);
} else {
  const faults = Object.values(report.vulnerabilities)
    .filter(({ severity }) => severities.includes(severity))
    .map(({ name, severity, via }) => `${name} (${severity}): ${via.map(toTitle).join('; ')}`);
  for (const fault of faults) console.error(`npm audit: ${fault}`);
  if (faults.length === 0) console.log('npm audit: no known vulnerability');
  else console.error('npm audit: update these packages, or replace what needs them');
  process.exitCode = faults.length === 0 ? 0 : 1;
}

/** A cause is an advisory, or the name of another package that has one. */
function toTitle(cause) {
  return typeof cause === 'string' ? `through ${cause}` : `${cause.title}, ${cause.url}`;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
