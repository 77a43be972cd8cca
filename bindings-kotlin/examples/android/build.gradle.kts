plugins {
    id("com.android.application") version "8.13.0"
    kotlin("android") version "2.4.20"
}

kotlin {
    jvmToolchain(17)
}

android {
    namespace = "shop.example"
    compileSdk = 36

    defaultConfig {
        applicationId = "shop.example"
        minSdk = 26
        targetSdk = 36
        versionCode = 1
        versionName = "1.0"
    }

    buildTypes {
        release {
            // The package contains the rules that it needs.
            isMinifyEnabled = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"))
        }
    }
}

dependencies {
    implementation("dev.kopokopo:kopokopo-android:0.1.0")
    implementation("org.jetbrains.kotlinx:kotlinx-coroutines-android:1.11.0")
    implementation("androidx.activity:activity-ktx:1.10.1")
    implementation("androidx.lifecycle:lifecycle-viewmodel-ktx:2.9.4")
    implementation("androidx.lifecycle:lifecycle-runtime-ktx:2.9.4")
}
