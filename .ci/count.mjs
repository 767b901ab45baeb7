import { readdirSync, readFileSync } from 'node:fs';

// Prints each test that failed in the reports of a folder, and how many passed and failed.
const [, , folder, exitCode] = process.argv;
const reports = readdirSync(folder).filter((name) => /^(tests|faults)-\d+\.json$/.test(name));
const firstLine = (text) => String(text ?? '').split('\n')[0];

let passed = 0;
let failed = 0;
for (const name of reports) {
  let report = { numPassedTests: 0, numFailedTests: 1 };
  try {
    report = JSON.parse(readFileSync(`${folder}/${name}`, 'utf8'));
  } catch {
    console.log(`${name} cannot be read`);
  }
  passed += report.numPassedTests;
  failed += report.numFailedTests || (report.numFailedTestSuites > 0 ? 1 : 0);
  for (const { name: file, status, message, assertionResults } of report.testResults ?? []) {
    const tests = assertionResults.filter((test) => test.status === 'failed');
    for (const { fullName, failureMessages } of tests) {
      console.log(`${name}: ${file}: ${fullName}: ${firstLine(failureMessages[0])}`);
    }
    if (status === 'failed' && tests.length === 0) {
      console.log(`${name}: ${file}: ${firstLine(message)}`);
    }
  }
}
if (failed === 0 && (passed === 0 || exitCode !== '0')) failed = 1;
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
