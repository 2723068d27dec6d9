export const wallet = { forget() {}, methods: {} };
