namespace rs greetings

service Greetings {
    string greet(1: required string name),
}
