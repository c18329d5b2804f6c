export function Sensors() {
  return null
}
