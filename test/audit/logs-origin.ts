// Name of the logs in tests; by itself, so that a child process need not load the test runner.
export const origin = 'gateway.example.com/audit'
