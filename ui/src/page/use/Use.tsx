export function Use() {
  return null
}
